package feed

import (
	"container/heap"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/goccy/go-json"
)

// logEvent has the members of a LogEvent in an order that is common on the wire. A nil pointer is a null.
type logEvent struct {
	Actor          *actor         `json:"actor"`
	Client         any            `json:"client"`
	Device         *device        `json:"device"`
	Authentication authentication `json:"authenticationContext"`
	DisplayMessage *string        `json:"displayMessage"`
	EventType      string         `json:"eventType"`
	Outcome        *outcome       `json:"outcome"`
	Published      string         `json:"published"`
	Security       security       `json:"securityContext"`
	Severity       string         `json:"severity"`
	Debug          struct {
		Data map[string]any `json:"debugData"`
	} `json:"debugContext"`
	Legacy      *string     `json:"legacyEventType"`
	Transaction transaction `json:"transaction"`
	UUID        string      `json:"uuid"`
	Version     any         `json:"version"`
	Request     struct {
		Chain []hop `json:"ipChain"`
	} `json:"request"`
	Target []target `json:"target"` // nil is null
}

type actor struct {
	ID          string  `json:"id"`
	Type        string  `json:"type"`
	AlternateID string  `json:"alternateId"`
	DisplayName string  `json:"displayName"`
	Detail      *string `json:"detailEntry"`
}

type client struct {
	UserAgent *userAgent `json:"userAgent"`
	Zone      *string    `json:"zone"`
	Device    *string    `json:"device"`
	ID        *string    `json:"id"`
	IP        *string    `json:"ipAddress"`
	Geo       *geo       `json:"geographicalContext"`
}

type userAgent struct {
	Raw     string `json:"rawUserAgent"`
	OS      string `json:"os"`
	Browser string `json:"browser"`
}

type geo struct {
	City     *string  `json:"city"`
	State    *string  `json:"state"`
	Country  *string  `json:"country"`
	Postal   any      `json:"postalCode"` // text, a number now and then
	Location *latLong `json:"geolocation"`
}

type latLong struct {
	Lat float64 `json:"lat"`
	Lon float64 `json:"lon"`
}

type device struct {
	ID         *string `json:"id"`
	Name       *string `json:"name"`
	Platform   *string `json:"os_platform"`
	OSVersion  *string `json:"os_version"`
	Managed    *bool   `json:"managed"`
	Registered *bool   `json:"registered"`
	Integrator *string `json:"device_integrator"` // JSON inside a string
	Disk       *string `json:"disk_encryption_type"`
	ScreenLock *string `json:"screen_lock_type"`
	Jailbreak  *bool   `json:"jailbreak"`
	Secure     *bool   `json:"secure_hardware_present"`
}

type authentication struct {
	Provider      *string         `json:"authenticationProvider"`
	Credential    *string         `json:"credentialProvider"`
	Type          *string         `json:"credentialType"`
	Issuer        *issuer         `json:"issuer"`
	Interface     *string         `json:"interface"`
	Step          int             `json:"authenticationStep"`
	Root          *string         `json:"rootSessionId,omitempty"`
	External      *string         `json:"externalSessionId"`
	Authenticator *map[string]any `json:"authenticatorContext,omitempty"`
}

type issuer struct {
	ID   string `json:"id"`
	Type string `json:"type"`
}

type outcome struct {
	Result string  `json:"result"`
	Reason *string `json:"reason"`
}

type security struct {
	AS      *int       `json:"asNumber"`
	ASOrg   *string    `json:"asOrg"`
	ISP     *string    `json:"isp"`
	Domain  *string    `json:"domain"`
	IsProxy *bool      `json:"isProxy"`
	Risk    *risk      `json:"risk,omitempty"`
	Habits  []behavior `json:"userBehaviors,omitempty"`
}

type risk struct {
	Level   string   `json:"level"`
	Reasons []string `json:"reasons"`
}

type behavior struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Result string `json:"result"`
}

type transaction struct {
	Type   *string        `json:"type"`
	ID     string         `json:"id"`
	Detail map[string]any `json:"detail"`
}

type hop struct {
	IP      string  `json:"ip"`
	Geo     *geo    `json:"geographicalContext"`
	Version string  `json:"version"`
	Source  *string `json:"source"`
}

type target struct {
	ID          string         `json:"id"`
	Type        string         `json:"type"`
	AlternateID string         `json:"alternateId"`
	DisplayName string         `json:"displayName"`
	Detail      map[string]any `json:"detailEntry"`
	Change      *change        `json:"changeDetails,omitempty"`
}

type change struct {
	From any `json:"from"`
	To   any `json:"to"`
}

// push gives e its time and identity and queues it. Everyday events beyond the number wanted are dropped.
func (w *world) push(at time.Time, e *logEvent, label string) {
	if label == "" {
		if w.left == 0 {
			return
		}
		w.left--
	}
	at = at.Truncate(time.Millisecond)
	e.Published = at.Format("2006-01-02T15:04:05.000Z")
	e.UUID = w.uuid(at)
	heap.Push(&w.queue, pending{item: Item{At: at, JSON: marshal(e), Label: label}, due: at, n: w.pushed})
	w.pushed++
}

// uuid is of version 1, and its clock agrees with the time of publication to the millisecond, as Okta's does.
func (w *world) uuid(at time.Time) string {
	const gregorian = 0x01B21DD213814000 // 100 ns units from 1582-10-15 to 1970-01-01
	w.serial++
	ticks := uint64(at.UnixMilli())*10_000 + w.serial%250 + gregorian
	var b [16]byte
	binary.BigEndian.PutUint32(b[0:], uint32(ticks))
	binary.BigEndian.PutUint16(b[4:], uint16(ticks>>32))
	binary.BigEndian.PutUint16(b[6:], uint16(ticks>>48)&0x0fff|0x1000)
	binary.BigEndian.PutUint16(b[8:], uint16(w.serial/250)&0x3fff|0x8000)
	binary.BigEndian.PutUint32(b[10:], w.r.Uint32())
	binary.BigEndian.PutUint16(b[14:], uint16(w.r.Uint32()))
	h := hex.EncodeToString(b[:])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func marshal(v any) []byte {
	b, err := json.MarshalWithOption(v, json.DisableHTMLEscape())
	if err != nil {
		panic(fmt.Sprintf("feed: %T cannot be written: %v", v, err)) // only finite numbers, strings and maps of them
	}
	return b
}

func ptr[T any](v T) *T { return &v }
