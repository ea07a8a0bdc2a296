// Reads, writes, sends and receives without a C library, and prints for each line `line bytes` by its own account. Begins when it
// hears a byte.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
)

var account = map[int]int{}

func took(n int, _ error) {
	_, _, line, _ := runtime.Caller(1)
	account[line] += n
}

func work(file *os.File, left, right net.Conn, buffer []byte) {
	took(file.WriteAt(buffer[:3000], 0))
	took(file.WriteAt(buffer[:700], 0))
	took(file.ReadAt(buffer[:2500], 0))
	took(left.Write(buffer[:1500]))
	took(io.ReadFull(right, buffer[:1500]))
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	_, _ = os.Stdin.Read(make([]byte, 1))
	file, _ := os.Create(os.Args[2] + "/go")
	server, _ := net.Listen("tcp", "127.0.0.1:0")
	left, _ := net.Dial("tcp", server.Addr().String())
	right, _ := server.Accept()
	for range rounds {
		work(file, left, right, make([]byte, 4096))
	}
	for line, n := range account {
		fmt.Println(line, n)
	}
}
