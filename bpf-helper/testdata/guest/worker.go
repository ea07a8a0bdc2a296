// Works and rests by turns until it is killed, for the tests on other kernels.
package main

import "time"

var (
	sink int
	held [][]byte
)

//go:noinline
func goWorks(n int) {
	for i := range n {
		sink += i * i
	}
}

//go:noinline
func goRests() { time.Sleep(2 * time.Millisecond) }

// goGrows writes to what it takes: fresh memory has no pages before.
//
//go:noinline
func goGrows() {
	block := make([]byte, 1<<20)
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	held = append(held, block)
}

func main() {
	for {
		if len(held) < 100 {
			goGrows()
		}
		goWorks(20_000_000)
		goRests()
	}
}
