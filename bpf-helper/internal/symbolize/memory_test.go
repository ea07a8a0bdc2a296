package symbolize

import (
	"os"
	"strings"
	"testing"
)

func TestMemoryCountsTheProgramApartAndTheRingsNotAtAll(t *testing.T) {
	const smaps = `00400000-00a3c000 r-xp 00000000 fe:00 1234                               /opt/my helper
Size:               6384 kB
Rss:                5000 kB
Pss:                2500 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
00a3c000-00a40000 rw-p 0063c000 fe:00 1234                               /opt/my helper
Rss:                  16 kB
Anonymous:            12 kB
c000000000-c000400000 rw-p 00000000 00:00 0 
Rss:                4096 kB
Anonymous:          4096 kB
7f0000000000-7f0000200000 r--p 00000000 00:0e 42                         anon_inode:bpf-map
Rss:                2048 kB
Anonymous:             0 kB
7f0000300000-7f0000400000 r-xp 00000000 fe:00 77                         /usr/lib/libc.so.6
Rss:                 100 kB
Anonymous:             4 kB
`
	got := sumMemory(strings.NewReader(smaps), "/opt/my helper")
	if want := (Memory{Program: 5004 << 10, Rest: (12 + 4096 + 100) << 10}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	own := MemoryOf(os.Getpid())
	if own.Program < 1<<20 || own.Rest < 1<<20 {
		t.Errorf("of ourselves: %+v", own)
	}
	if gone := MemoryOf(1 << 30); gone != (Memory{}) {
		t.Errorf("of a process that does not exist: %+v", gone)
	}
}
