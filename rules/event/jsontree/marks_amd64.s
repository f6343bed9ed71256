#include "textflag.h"

// SPREAD fills X with copies of one byte.
#define SPREAD(byte, X) \
	MOVQ $byte, AX \
	MOVQ AX, X \
	PUNPCKLQDQ X, X

// MARK16 puts into R a bit for each of the 16 bytes at off(SI) that is special.
#define MARK16(off, R) \
	MOVOU  off(SI), X4 \
	MOVO   X4, X5 \
	MOVO   X4, X6 \
	MOVO   X4, X7 \
	PCMPEQB X0, X5 \
	PCMPEQB X1, X6 \
	PMINUB X2, X7 \
	PCMPEQB X4, X7 \
	POR    X5, X6 \
	POR    X7, X6 \
	POR    X4, X6 \
	PMOVMSKB X6, R

// func markBlocks(set []uint64, s []byte)
TEXT ·markBlocks(SB), NOSPLIT, $0-48
	MOVQ set_base+0(FP), DI
	MOVQ set_len+8(FP), CX
	SHRQ $3, CX
	MOVQ s_base+24(FP), SI
	SPREAD(0x2222222222222222, X0) // "
	SPREAD(0x5c5c5c5c5c5c5c5c, X1) // \
	SPREAD(0x1f1f1f1f1f1f1f1f, X2) // the last control character
	TESTQ CX, CX
	JZ    done

block:
	MARK16(0, R8)
	MARK16(16, R9)
	MARK16(32, R10)
	MARK16(48, R11)
	SHLQ $16, R9
	SHLQ $32, R10
	SHLQ $48, R11
	ORQ  R9, R8
	ORQ  R11, R10
	ORQ  R10, R8
	MOVQ R8, (DI)
	ADDQ $64, SI
	ADDQ $8, DI
	DECQ CX
	JNZ  block

done:
	RET
