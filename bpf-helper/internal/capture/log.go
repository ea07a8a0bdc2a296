package capture

import (
	"context"
	"log/slog"
	"strings"
)

// engineLog lets the engine's warnings through. What it says about ordinary life is for debugging only, and its
// complaints about its own metrics, which we don't collect, are for no one.
type engineLog struct{ slog.Handler }

func (h engineLog) Enabled(ctx context.Context, level slog.Level) bool {
	return (level >= slog.LevelWarn || level == slog.LevelDebug) && h.Handler.Enabled(ctx, level)
}

func (h engineLog) Handle(ctx context.Context, record slog.Record) error {
	if strings.HasPrefix(record.Message, "Invalid metric id") {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}
