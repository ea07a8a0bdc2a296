package control

import (
	"time"

	"flameline.dev/helper/internal/wire"
)

// How often a client may speak. Long messages, and those that make us look at all processes, count more.
const (
	messagesPerSecond = 50
	messageBurst      = 200
	bytesPerToken     = 32 << 10
	scanTokens        = 5
)

// allowance is a bucket of tokens that fills again with time.
type allowance struct {
	tokens float64
	at     time.Time
	factor float64
}

// newAllowance makes a full bucket, so many times as large and as quickly filled as a connection's.
func newAllowance(now time.Time, factor float64) allowance {
	return allowance{messageBurst * factor, now, factor}
}

// spend takes tokens, or says that there are not enough.
func (a *allowance) spend(now time.Time, tokens int) bool {
	a.tokens = min(messageBurst*a.factor, a.tokens+now.Sub(a.at).Seconds()*messagesPerSecond*a.factor)
	a.at = now
	a.tokens -= float64(tokens)
	return a.tokens >= 0
}

func price(message wire.ClientMessage, bytes int) int {
	tokens := 1 + bytes/bytesPerToken
	switch message.(type) {
	case wire.StartRequest, wire.RenewRequest, wire.RateRequest, wire.ProcessesRequest:
		tokens += scanTokens - 1
	}
	return tokens
}
