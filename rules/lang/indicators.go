package lang

import (
	"time"

	"oktastream/rules"
	"oktastream/rules/lang/sigma"
	"oktastream/rules/lang/source"
	"oktastream/rules/match"
)

// IndicatorFields describes one entry of an indicator list. An entry may also be the bare address.
var IndicatorFields = append([]source.Field{
	{Name: "address", Type: source.Text, Required: true, Doc: "an address or a network such as 192.0.2.0/24"},
}, validity...)

// IndicatorListFields describes an indicator list in the form of a map. The list may also stand alone.
var IndicatorListFields = append([]source.Field{
	{Name: "indicators", Type: source.Anything, Required: true, Doc: "the entries"},
}, validity...)

// validity holds for an entry, or at the top of the file for all entries that do not say otherwise.
var validity = []source.Field{
	{Name: "first_seen", Type: source.Text, Default: "open", Doc: "first day of use, such as 2026-01-31"},
	{Name: "last_seen", Type: source.Text, Default: "open", Doc: "last day of use"},
	{Name: "source", Type: source.Text, Doc: "who says so"},
}

// isIndicatorList tells data files from rules: a list, or a map with indicators at its top.
func isIndicatorList(root *source.Node) bool {
	return root != nil && (root.Kind == source.List || root.Kind == source.Map && root.Get("indicators") != nil)
}

// loadIndicators reads the list that the document names and makes it part of the condition.
func (d *document) loadIndicators(files *source.Files) {
	o := &d.options.indicators
	if !o.given || !d.report.OK() {
		return
	}
	if d.body.where == nil && d.body.ok() {
		d.report.Error(o.block.Pos(), source.Misplaced, "give the list to a rule that the correlation names",
			"indicators work only on rules on single events")
		return
	}
	at := o.block.Node("file")
	if len(o.fields) == 0 {
		d.report.Error(o.block.Pos(), source.BadIndicators, "", "indicators names no field")
		return
	}
	name, data, err := files.ReadNamed(d.file, at.Text, source.DataLimits.Bytes)
	if err != nil {
		d.report.Error(at.Pos, source.BadIndicators, "", "cannot read the indicator list %s: %v", name, withoutName(err))
		return
	}
	list := parseIndicators(name, data, d.report)
	if !d.report.OK() {
		d.report.Error(at.Pos, source.BadIndicators, "", "the indicator list %s has errors", name)
		return
	}
	if len(list) == 0 {
		d.report.Error(at.Pos, source.BadIndicators, "", "the indicator list %s is empty", name)
		return
	}
	d.indicators = &rules.Indicators{Fields: o.fields, List: list}
	listed := d.listed()
	if d.body.where != nil {
		listed = match.And{d.body.where, listed}
	}
	d.body.where = listed
}

// listed holds for events with an address on the list.
func (d *document) listed() match.Expr {
	var any match.Or
	for _, f := range d.indicators.Fields {
		p := &match.Pred{Path: f, Op: match.InCIDR, Pos: d.options.indicators.block.Pos()}
		for _, i := range d.indicators.List {
			p.Nets = append(p.Nets, i.Net)
		}
		any = append(any, p)
	}
	if len(any) == 1 {
		return any[0]
	}
	return any
}

// parseIndicators reads a list; what is wrong with it is reported to the rule that names it, at its place in the list, and
// without a word of it.
func parseIndicators(name string, data []byte, report *source.Report) []rules.Indicator {
	var list []rules.Indicator
	for _, doc := range source.Parse(name, data, source.DataLimits) {
		if doc.Root != nil {
			list = append(list, indicatorList(doc.Root, doc.Report)...)
		}
		doc.Report.Discreet()
		report.Include(doc.Report)
	}
	return list
}

func indicatorList(root *source.Node, r *source.Report) []rules.Indicator {
	entries, common := root, rules.Indicator{}
	if root.Kind == source.Map {
		v := source.Check(root, "an indicator list", IndicatorListFields, r)
		common = readValidity(v, common, r)
		entries = v.Node("indicators")
	}
	if entries == nil || entries.Kind != source.List {
		r.Error(root.Pos, source.BadIndicators, "write one address a line, each after a dash", "the indicators are not a list")
		return nil
	}
	var list []rules.Indicator
	for _, e := range entries.Items {
		i, at := common, e
		if e.Kind != source.Scalar {
			v := source.Check(e, "an indicator", IndicatorFields, r)
			i = readValidity(v, common, r)
			if at = v.Node("address"); at == nil {
				continue
			}
		}
		net, err := sigma.ParseNetwork(at.Text)
		if err != nil {
			r.Error(at.Pos, source.BadIndicators, "write an address or a network such as 192.0.2.0/24", "%v", err)
			continue
		}
		i.Net = net
		list = append(list, i)
	}
	return list
}

func readValidity(v source.Values, i rules.Indicator, r *source.Report) rules.Indicator {
	day := func(key string, old time.Time) time.Time {
		n := v.Node(key)
		if n == nil {
			return old
		}
		t, err := time.Parse(time.DateOnly, n.Text)
		if err != nil {
			r.Error(n.Pos, source.BadIndicators, "write the day as 2026-01-31", "%s is not a day", n.Text)
		}
		return t
	}
	i.FirstSeen, i.LastSeen = day("first_seen", i.FirstSeen), day("last_seen", i.LastSeen)
	if v.Has("source") {
		i.Source = v.Text("source")
	}
	if !i.LastSeen.IsZero() && i.LastSeen.Before(i.FirstSeen) {
		r.Error(v.Pos(), source.BadIndicators, "", "last_seen is before first_seen")
	}
	return i
}
