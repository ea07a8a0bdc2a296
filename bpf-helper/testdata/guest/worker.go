// Works and rests by turns until it is killed, for the tests on other kernels.
package main

import (
	"syscall"
	"time"
)

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

// goGrows takes memory from the kernel and writes to it: what Go's heap has it would use again.
//
//go:noinline
func goGrows() {
	block, err := syscall.Mmap(-1, 0, 1<<20, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic(err)
	}
	for i := 0; i < len(block); i += 4096 {
		block[i] = 1
	}
	held = append(held, block)
}

func goShrinks() {
	for _, block := range held {
		_ = syscall.Munmap(block)
	}
	held = nil
}

func main() {
	for {
		if goGrows(); len(held) > 20 {
			goShrinks()
		}
		goWorks(20_000_000)
		goRests()
	}
}
