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

//go:noinline
func goGrows() { held = append(held, make([]byte, 1<<20)) }

func main() {
	for {
		if len(held) < 100 {
			goGrows()
		}
		goWorks(20_000_000)
		goRests()
	}
}
