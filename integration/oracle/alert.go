package oracle

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// Alert is what the comparison reads of a native alert record.
type Alert struct {
	ID       string          `json:"id"`
	Revision int             `json:"revision"`
	Status   string          `json:"status"` // create or update
	Kind     string          `json:"kind"`
	Time     time.Time       `json:"time"`
	Group    json.RawMessage `json:"group"`
	Count    int             `json:"count"`
	Late     bool            `json:"late"`
	Rule     struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	} `json:"rule"`
	Window *struct {
		LengthSeconds float64 `json:"length_seconds"`
	} `json:"window"`
	Episode *struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	} `json:"episode"`
	Evidence struct {
		EventIDs []string `json:"event_ids"`
	} `json:"evidence"`

	// Content is all that the record says, as JSON with sorted members, but for when and by which build it was written.
	Content string `json:"-"`
}

// Parse reads one native alert record. It refuses a record without the fields that the comparison stands on.
func Parse(record []byte) (Alert, error) {
	var a Alert
	if err := json.Unmarshal(record, &a); err != nil {
		return Alert{}, fmt.Errorf("not an alert record: %w", err)
	}
	switch {
	case a.ID == "" || a.Rule.Name == "":
		return Alert{}, errors.New("not an alert record: no id or no rule name")
	case a.Status != "create" && a.Status != "update":
		return Alert{}, fmt.Errorf("alert %s has status %q", a.ID, a.Status)
	case a.Revision < 1 || (a.Status == "create") != (a.Revision == 1):
		return Alert{}, fmt.Errorf("alert %s has status %s at revision %d", a.ID, a.Status, a.Revision)
	case a.Episode != nil && a.Episode.End.Before(a.Episode.Start):
		return Alert{}, fmt.Errorf("alert %s ends its episode before it starts", a.ID)
	}
	if len(a.Group) > 0 {
		// Members in one order and without space, so that equal groups are equal texts.
		var members map[string]any
		if err := json.Unmarshal(a.Group, &members); err != nil {
			return Alert{}, fmt.Errorf("alert %s: group: %w", a.ID, err)
		}
		a.Group, _ = json.Marshal(members) // what was JSON marshals
	}
	content, err := content(record)
	if err != nil {
		return Alert{}, fmt.Errorf("alert %s: %w", a.ID, err)
	}
	a.Content = content
	return a, nil
}

func content(record []byte) (string, error) {
	d := json.NewDecoder(bytes.NewReader(record))
	d.UseNumber()
	var all map[string]any
	if err := d.Decode(&all); err != nil {
		return "", err
	}
	delete(all, "created")
	if e, ok := all["engine"].(map[string]any); ok {
		delete(e, "version")
	}
	b, err := json.Marshal(all)
	return string(b), err
}

// Read parses NDJSON, one alert a line. Empty lines are skipped.
func Read(r io.Reader) ([]Alert, error) {
	var alerts []Alert
	s := bufio.NewScanner(r)
	s.Buffer(nil, 64<<20)
	for n := 1; s.Scan(); n++ {
		line := bytes.TrimSpace(s.Bytes())
		if len(line) == 0 {
			continue
		}
		a, err := Parse(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		alerts = append(alerts, a)
	}
	return alerts, s.Err()
}

// event returns the id of the event that an alert about one event is about.
func (a Alert) event() string {
	if len(a.Evidence.EventIDs) == 0 {
		return ""
	}
	return a.Evidence.EventIDs[0]
}

// String says which alert this is, for people.
func (a Alert) String() string {
	s := fmt.Sprintf("%s id=%s rev=%d", a.Rule.Name, a.ID, a.Revision)
	if len(a.Group) > 0 {
		s += " group=" + string(a.Group)
	}
	if a.Episode != nil {
		return s + fmt.Sprintf(" episode=%s..%s", a.Episode.Start.Format(time.RFC3339Nano), a.Episode.End.Format(time.RFC3339Nano))
	}
	return s + " time=" + a.Time.Format(time.RFC3339Nano)
}
