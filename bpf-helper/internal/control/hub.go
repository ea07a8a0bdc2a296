package control

import (
	"log/slog"
	"sync"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/rights"
	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/target"
	"flameline.dev/helper/internal/wire"
)

// maxRecordings is the number of bits in the kernel's set.
const maxRecordings = 64

var procFolder = target.Proc{Folder: "/proc"}

// hub owns the engine and all recordings of all clients.
type hub struct {
	log   *slog.Logger
	table *target.Table

	loading     sync.Mutex // held while the engine loads
	lock        sync.Mutex // guards what follows
	engine      *capture.Engine
	live        [maxRecordings]*live
	wanted      map[int32]wanted // as in the kernel's set
	rates       recording.Rates  // of the engine's clock
	listening   bool             // any event is being recorded
	symbols     *symbols
	counted     capture.Counters // as of countedAt
	countedAt   time.Time
	next        int
	memoryTurns memoryTurns

	bytes    bytesBook
	probers  *probers
	watching bool // boxes are being watched

	measured   cost // as of measuredAt
	measuredAt time.Time
	memory     int64 // as of memoryAt
	memoryAt   time.Time
}

func newHub(log *slog.Logger) *hub {
	begin := func(p peer) (symbolize.Symbolizer, error) { return startParser(p, log) }
	h := &hub{log: log, table: target.NewTable(procFolder), wanted: map[int32]wanted{}, bytes: bytesBook{told: map[int32]capture.Transferred{}}, symbols: newSymbols(log, begin)}
	h.probers = newProbers(h, begin)
	return h
}

// load loads the engine the first time, and what the events need of it.
func (h *hub) load(events []wire.EventName) error {
	h.loading.Lock()
	defer h.loading.Unlock()
	h.lock.Lock()
	engine := h.engine
	h.lock.Unlock()
	if engine != nil {
		return h.loadFor(engine, events)
	}
	began := time.Now()
	engine, err := capture.Load(h, h.log)
	if err != nil {
		return explainLoad(err)
	}
	if err := rights.Settle(); err != nil {
		h.log.Warn("the helper keeps CAP_SYS_ADMIN, which it does not need any more", "err", err)
	}
	h.log.Info("engine loaded", "ms", time.Since(began).Milliseconds())
	h.lock.Lock()
	h.engine = engine
	h.lock.Unlock()
	go h.tick(engine)
	return h.loadFor(engine, events)
}

func (h *hub) loadFor(engine *capture.Engine, events []wire.EventName) error {
	if err := engine.LoadFor(wantedEvents(events, 1)); err != nil {
		return explainLoad(err)
	}
	return nil
}

func explainLoad(err error) error {
	switch {
	case capture.Unprivileged(err):
		return refuse(wire.NoPrivilege, "%v", err)
	case capture.Unsupported(err):
		return refuse(wire.KernelUnsupported, "%v", err)
	default:
		return refuse(wire.EngineFailed, "%v", err)
	}
}

// loaded says whether a start will be quick.
func (h *hub) loaded(events []wire.EventName) bool {
	h.lock.Lock()
	engine := h.engine
	h.lock.Unlock()
	return engine != nil && engine.LoadedFor(wantedEvents(events, 1))
}

// close ends everything.
func (h *hub) close() {
	h.lock.Lock()
	engine := h.engine
	h.lock.Unlock()
	if engine != nil {
		engine.Close() // waits for its calls of ours, so not under the lock
	}
	h.symbols.close()
}
