package suite

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
)

// Right is one operation on one resource, or with a name that ends in * on all that begin so.
type Right struct {
	Kind      string // topic, group or transactional id
	Name      string
	Operation string // as Kafka's tools name it
}

// rightRow is a row of the page's table: | topic | `GROUP-changelog` | READ, WRITE | why |
var rightRow = regexp.MustCompile("(?m)^\\| (topic|group|transactional id) \\| `([^`]+)`(?: \\(prefixed\\))? \\| ([A-Z, ]+) \\|")

// Rights reads the product's rights from the table in the page of guarantees. Names are those of a deployment called
// GROUP that reads INPUT and writes ALERTS.
func Rights(page string) ([]Right, error) {
	text, err := os.ReadFile(page)
	if err != nil {
		return nil, err
	}
	var rights []Right
	for _, row := range rightRow.FindAllStringSubmatch(string(text), -1) {
		for _, operation := range strings.Split(row[3], ", ") {
			rights = append(rights, Right{row[1], row[2], operation})
		}
	}
	if len(rights) == 0 {
		return nil, fmt.Errorf("%s has no table of rights", page)
	}
	return rights, nil
}

// on is the right on a deployment's own resource.
func (r Right) on(d *deployment) Right {
	r.Name = strings.NewReplacer("INPUT", d.input, "ALERTS", d.alerts, "GROUP", d.group).Replace(r.Name)
	return r
}

// acl is a right of one user.
type acl struct {
	user string
	Right
}

func (a acl) builder() (*kadm.ACLBuilder, error) {
	var operation kadm.ACLOperation
	switch a.Operation {
	case "READ":
		operation = kadm.OpRead
	case "WRITE":
		operation = kadm.OpWrite
	case "CREATE":
		operation = kadm.OpCreate
	case "DESCRIBE":
		operation = kadm.OpDescribe
	case "DESCRIBE_CONFIGS":
		operation = kadm.OpDescribeConfigs
	default:
		return nil, fmt.Errorf("operation %s", a.Operation)
	}
	name, prefixed := strings.CutSuffix(a.Name, "*")
	pattern := kadm.ACLPatternLiteral
	if prefixed {
		pattern = kadm.ACLPatternPrefixed
	}
	b := kadm.NewACLs().Allow("User:" + a.user).AllowHosts("*").Operations(operation).ResourcePatternType(pattern)
	switch a.Kind {
	case "topic":
		b.Topics(name)
	case "group":
		b.Groups(name)
	case "transactional id":
		b.TransactionalIDs(name)
	default:
		return nil, fmt.Errorf("resource %s", a.Kind)
	}
	return b, nil
}

func (a acl) create(ctx context.Context, adm *kadm.Client) error {
	b, err := a.builder()
	if err != nil {
		return err
	}
	made, err := adm.CreateACLs(ctx, b)
	for _, m := range made {
		if err == nil {
			err = m.Err
		}
	}
	return err
}

// delete takes the right away; it is an error if it was not there.
func (a acl) delete(ctx context.Context, adm *kadm.Client) error {
	b, err := a.builder()
	if err != nil {
		return err
	}
	gone, err := adm.DeleteACLs(ctx, b)
	if err != nil {
		return err
	}
	deleted := 0
	for _, g := range gone {
		if g.Err != nil {
			return g.Err
		}
		deleted += len(g.Deleted)
	}
	if deleted != 1 {
		return fmt.Errorf("%d ACLs were deleted in place of one: %v", deleted, a)
	}
	return nil
}
