package capture

import (
	"math/bits"
	"math/rand/v2"
	"testing"
)

func TestBlocksCoverAMappingAndStayWithinItsLimits(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	most := 0
	for range 50_000 {
		start := uint64(0x7f0000000000) + random.Uint64N(1<<28)<<12
		end := start + (1+random.Uint64N(1<<random.IntN(12)))<<12
		r := toldRange{File: 1, Start: start, End: end, Low: start - random.Uint64N(1<<random.IntN(12))<<12, High: end + random.Uint64N(1<<random.IntN(12))<<12}
		covered := r.Start
		pages := r.blocks(7)
		most = max(most, len(pages))
		for _, page := range pages {
			from, size := bits.ReverseBytes64(page.Page), uint64(1)<<(96-page.PrefixLen)
			if from%size != 0 || from > covered || from < r.Low || from+size > r.High || bits.ReverseBytes32(page.Pid) != 7 {
				t.Fatalf("%x: a block of %x at %x, covered up to %x", r, size, from, covered)
			}
			covered = from + size
		}
		if covered < r.End {
			t.Fatalf("%x is covered up to %x", r, covered)
		}
	}
	if most > 80 { // MOST_BLOCKS in bpf/mappings.h
		t.Errorf("a mapping has %d blocks", most)
	}
}

func TestAMappingWithRoomAroundItHasFewBlocks(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	total := 0
	const mappings = 10_000
	for range mappings {
		start := uint64(0x7f0000000000) + random.Uint64N(1<<28)<<12
		r := toldRange{File: 1, Start: start, End: start + 341<<12, Low: start - 1<<24, High: start + 341<<12 + 1<<24}
		total += len(r.blocks(7))
	}
	if total > 3*mappings/2 {
		t.Errorf("%.2f blocks a mapping", float64(total)/mappings)
	}
}
