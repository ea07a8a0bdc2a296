package control

import (
	"fmt"

	"flameline.dev/helper/internal/wire"
)

// refusal is an error that a client is told of.
type refusal struct {
	code   wire.ErrorCode
	detail string
}

func (r refusal) Error() string { return r.detail }

func refuse(code wire.ErrorCode, format string, values ...any) error {
	return refusal{code, fmt.Sprintf(format, values...)}
}
