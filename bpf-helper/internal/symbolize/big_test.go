package symbolize

import (
	"debug/elf"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// FLAMELINE_SYMBOLIZE_FILES names large programs (separated by ":"); each is asked about 1,000 addresses in a fresh process.
func TestLargeFilesStayCheap(t *testing.T) {
	list := os.Getenv("FLAMELINE_SYMBOLIZE_FILES")
	if list == "" {
		t.Skip("set FLAMELINE_SYMBOLIZE_FILES to large programs")
	}
	uid, gid := unprivileged(t)
	for _, path := range strings.Split(list, ":") {
		addrs := textAddresses(t, path, 1000)
		client := startClient(t, Options{UID: uid, GID: gid, Stderr: os.Stderr})
		begin := time.Now()
		first := ask(t, client, path, addrs[0])
		firstTook := time.Since(begin)
		results := ask(t, client, path, addrs...)
		resolved, withLine, positions := 0, 0, 0
		for _, r := range append(results, first...) {
			if r.Resolved {
				resolved++
			}
			if len(r.Positions) > 0 && r.Positions[0].Line > 0 {
				withLine++
			}
			positions += len(r.Positions)
		}
		took := time.Since(begin)
		_, busy := client.Cost()
		time.Sleep(1500 * time.Millisecond)
		cpu, resident := client.Cost()
		t.Logf("%s: first %v, 1000 in %v, CPU %v, resident %d MB and %d MB when idle, %d named, %d with line, %.1f positions each", path,
			firstTook.Round(time.Millisecond), took.Round(time.Millisecond), time.Duration(cpu), busy>>20, resident>>20,
			resolved, withLine, float64(positions)/1000)
		if busy > 400<<20 {
			t.Errorf("%s: %d MB resident", path, resident>>20)
		}
		_ = client.Close()
	}
}

// textAddresses draws addresses from the text section, whatever lies there.
func textAddresses(t *testing.T, path string, count int) []Address {
	t.Helper()
	file, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text := file.Section(".text")
	random := rand.New(rand.NewPCG(3, 4))
	addrs := make([]Address, count)
	for i := range addrs {
		addrs[i].Addr = text.Addr + random.Uint64N(text.Size)
	}
	return addrs
}
