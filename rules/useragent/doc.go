// Package useragent tells which client, system and device a User-Agent text names.
//
// It answers as Elastic's user_agent processor does: by the patterns of ua-parser/uap-core, in the version that
// github.com/ua-parser/uap-go carries. A text takes up to milliseconds, so whoever asks often keeps the answers; they
// never change.
package useragent
