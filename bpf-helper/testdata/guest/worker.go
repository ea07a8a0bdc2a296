// Works and rests by turns until it is killed, for the tests on other kernels.
package main

import "time"

var sink int

//go:noinline
func goWorks(n int) {
	for i := range n {
		sink += i * i
	}
}

//go:noinline
func goRests() { time.Sleep(2 * time.Millisecond) }

func main() {
	for {
		goWorks(20_000_000)
		goRests()
	}
}
