package esql

import (
	"strings"
)

// build checks an expression and makes a term of it.
func (s *scope) build(x *expr) *term {
	switch x.kind {
	case literal:
		var v value
		if !x.lit.null {
			v = one(x.lit.v)
		}
		return literalTerm(x.lit.typ, v, x.at)
	case column:
		return s.column(x.name, x.at)
	}
	if aggregates[x.name] != nil || refusedAggregates[x.name] {
		if s.aggregate == nil {
			fail(x.at, CodeUnknown, "use it in STATS", "%s is an aggregate, and belongs into STATS", strings.ToUpper(x.name))
		}
		return s.aggregate(x)
	}
	if x.star {
		fail(x.at, CodeSyntax, "", "only COUNT takes *")
	}
	args := make([]*term, len(x.args))
	for i, a := range x.args {
		args[i] = s.build(a)
	}
	return s.call(x, args)
}

func (s *scope) call(x *expr, args []*term) *term {
	need := func(n int) {
		if len(args) != n {
			failNumber(x.at, "%s takes %d arguments, not %d", strings.ToUpper(x.name), n, len(args))
		}
	}
	switch x.name {
	case "and", "or":
		return logic(x.name, x.at, args)
	case "not":
		return negate(x.at, args[0])
	case "is null":
		return isNull(x.at, args[0])
	case "==", "!=", "<", "<=", ">", ">=":
		return comparison(x.name, x.at, args)
	case "+", "-", "*", "/", "%":
		return arithmetic(x.name, x.at, args[0], args[1])
	case "in":
		return in(x.at, args)
	case "like", "rlike":
		return like(x.name, x.at, args)
	case "case":
		return choose(x.at, args)
	case "coalesce":
		return coalesce(x.at, args)
	case "greatest", "least":
		return extreme(x.name, x.at, args)
	case "mv_append", "mv_contains":
		need(2)
		args = unify(x.at, strings.ToUpper(x.name), args)
	case "date_extract":
		need(2)
		return dateExtract(x.at, args)
	case "replace":
		need(3)
		return replaceTerm(x.at, args)
	case "bucket":
		return bucket(x.at, args)
	case "now":
		need(0)
		if s.aggregates {
			unsupported(x.at, "write WHERE @timestamp > NOW() - 1 hour before STATS to shorten the window, or compare with MAX(@timestamp)",
				"NOW() in a query with STATS is not supported: a stream has the time of its events only, and each would be now to itself")
		}
		return &term{typ: tTime, clock: true, col: -1, at: x.at, size: 1}
	}
	if x.name == "to_timeduration" || x.name == "to_dateperiod" {
		need(1)
		t, ok := implicit(args[0], tSpan)
		if !ok {
			unsupported(x.at, "write a string such as \"1 hour\"", "%s of anything but a duration in a string is not supported", strings.ToUpper(x.name))
		}
		return t
	}
	if to, ok := conversions[x.name]; ok {
		need(1)
		if !castable(args[0].typ, to) {
			fail(x.at, CodeType, "", "a %s cannot become a %s", args[0].typ, to)
		}
		return convert(args[0], to)
	}
	if f, ok := scalars[x.name]; ok {
		return f.apply(x.name, x.at, args)
	}
	if known[x.name] {
		unsupported(x.at, "", "the function %s is not supported", strings.ToUpper(x.name))
	}
	fail(x.at, CodeUnknown, "", "there is no function %s", strings.ToUpper(x.name))
	return nil
}

// conversions are the functions that cast.
var conversions = map[string]typ{"to_string": tKeyword, "to_str": tKeyword, "to_long": tLong, "to_integer": tLong, "to_int": tLong,
	"to_double": tDouble, "to_dbl": tDouble, "to_boolean": tBool, "to_bool": tBool, "to_ip": tIP, "to_datetime": tTime, "to_dt": tTime}

// known are further functions of the language.
var known = func() map[string]bool {
	m := map[string]bool{}
	for f := range strings.FieldsSeq(`acos asin atan atan2 cos cosh sin sinh tan tanh e pi tau hypot signum bit_length date_format date_parse
		day_name month_name from_base64 to_base64 hash md5 sha1 sha256 ip_prefix kql match match_phrase multi_match qstr term score knn
		mv_median mv_median_absolute_deviation mv_percentile mv_pseries_weighted_sum mv_zip mv_intersection mv_union st_contains st_distance st_intersects
		to_version to_ver to_unsigned_long to_ul to_ulong to_date_nanos to_degrees to_radians to_geopoint to_geoshape
		to_cartesianpoint to_cartesianshape categorize url_decode url_encode url_encode_component scalb copy_sign round_to tbucket trange
		field_extract json_extract text_embedding embedding top_snippets extract_snippets decay chunk ascii acosh asinh atanh clamp clamp_max clamp_min
		date_unit_count days_in_month in_range earliest latest mv_contains_all mv_difference mv_intersects
		st_x st_y st_xmin st_xmax st_ymin st_ymax st_within st_disjoint st_envelope st_geohash st_geohash_to_long st_geohash_to_string st_geohex
		st_geohex_to_long st_geohex_to_string st_geotile st_geotile_to_long st_geotile_to_string st_npoints st_simplify st_simplifypreservetopology st_buffer
		st_dimension st_geometrytype st_isempty to_aggregate_metric_double to_dense_vector to_geohash to_geohex to_geotile to_date_range
		v_cosine v_dot_product v_hamming v_l1_norm v_l2_norm v_magnitude network_direction url_decode_component scalb`) {
		m[f] = true
	}
	return m
}()

// bucket is DATE_TRUNC with its arguments the other way round, or rounds numbers down.
func bucket(at int, args []*term) *term {
	if len(args) != 2 {
		unsupported(at, "BUCKET(@timestamp, 1 hour)", "BUCKET with a number of buckets is not supported: their size would depend on the range that is searched")
	}
	if span, ok := implicit(args[1], tSpan); ok && args[1].typ != tNull {
		args[1] = span
	}
	if args[1].typ == tSpan {
		return scalars["date_trunc"].apply("date_trunc", at, []*term{args[1], args[0]})
	}
	size := arithmetic("*", at, args[1], literalTerm(tDouble, finite(1), at))
	return arithmetic("*", at, scalars["floor"].apply("floor", at, []*term{arithmetic("/", at, args[0], size)}), size)
}

// extreme makes GREATEST and LEAST: null if any argument is.
func extreme(op string, at int, args []*term) *term {
	if len(args) == 0 {
		failNumber(at, "%s needs arguments", strings.ToUpper(op))
	}
	args = unify(at, strings.ToUpper(op), args)
	t := args[0].typ
	sign := 1
	if op == "least" {
		sign = -1
	}
	return newTerm(term{op: op, typ: t, args: args, at: at, fn: func(args []value) value {
		var best value
		for _, a := range args {
			d, ok := a.single()
			if !ok {
				return nil
			}
			if best == nil || sign*compare(t, d, best[0]) > 0 {
				best = one(d)
			}
		}
		return best
	}})
}
