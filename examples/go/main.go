// Command logs writes a web server's log, analyses it and renders a report, again and again.
//
//	./logs [--seconds N] [SIZE]
//
// SIZE is the number of log lines a round (default 3000). With --seconds it stops after that time, else it runs until it
// is stopped. It prints its own account once a second: the share of CPU time that each of its parts used.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

var linePattern = regexp.MustCompile(`^(\d+\.\d+\.\d+\.\d+) \[([^\]]+)\] "(GET|POST) ([^" ]+)" (\d{3}) (\d+)$`)

type request struct {
	address string
	path    string
	status  int
	bytes   int
}

type summary struct {
	path     string
	count    int
	bytes    int
	failures int
	visitors map[string]struct{}
}

// writeLog makes the lines of a log.
func writeLog(size int, random *rand.Rand) []string {
	paths := []string{"/", "/cart", "/search", "/about", "/item", "/login", "/images/logo.png"}
	lines := make([]string, 0, size)
	for range size {
		var line strings.Builder
		fmt.Fprintf(&line, "10.%d.%d.%d [%s] ", random.IntN(4), random.IntN(256), random.IntN(256), time.Unix(1700000000+random.Int64N(86400), 0).UTC().Format(time.RFC3339))
		method := "GET"
		if random.IntN(5) == 0 {
			method = "POST"
		}
		fmt.Fprintf(&line, "%q %d %d", method+" "+paths[random.IntN(len(paths))]+"?id="+strconv.Itoa(random.IntN(50)), []int{200, 200, 200, 304, 404, 500}[random.IntN(6)], random.IntN(100000))
		lines = append(lines, line.String())
	}
	return lines
}

// parse reads the lines; one that does not match is left out.
func parse(lines []string) []request {
	requests := make([]request, 0, len(lines))
	for _, line := range lines {
		fields := linePattern.FindStringSubmatch(line)
		if fields == nil {
			continue
		}
		status, _ := strconv.Atoi(fields[5])
		size, _ := strconv.Atoi(fields[6])
		requests = append(requests, request{address: fields[1], path: fields[4], status: status, bytes: size})
	}
	return requests
}

// pseudonym hides an address: the start of its salted hash.
func pseudonym(address string) string {
	sum := sha256.Sum256([]byte("pepper:" + address))
	return hex.EncodeToString(sum[:6])
}

// anonymize replaces each address.
func anonymize(requests []request) {
	for i := range requests {
		requests[i].address = pseudonym(requests[i].address)
	}
}

// isFailure is small, so that the compiler inlines it.
func isFailure(status int) bool {
	return status >= 400 && status != 404
}

// summarize adds up the requests of each path.
func summarize(requests []request) []*summary {
	byPath := map[string]*summary{}
	for _, r := range requests {
		s := byPath[r.path]
		if s == nil {
			s = &summary{path: r.path, visitors: map[string]struct{}{}}
			byPath[r.path] = s
		}
		s.count++
		s.bytes += r.bytes
		s.visitors[r.address] = struct{}{}
		if isFailure(r.status) {
			s.failures++
		}
	}
	rows := make([]*summary, 0, len(byPath))
	for _, s := range byPath {
		rows = append(rows, s)
	}
	slices.SortFunc(rows, func(a, b *summary) int {
		if a.count != b.count {
			return b.count - a.count
		}
		return strings.Compare(a.path, b.path)
	})
	return rows
}

// report writes the summaries as Markdown.
func report(rows []*summary) []byte {
	var text bytes.Buffer
	text.WriteString("# Requests\n\n| path | requests | bytes | failures | visitors |\n|---|---:|---:|---:|---:|\n")
	for _, s := range rows {
		fmt.Fprintf(&text, "| `%s` | %d | %d | %d | %d |\n", s.path, s.count, s.bytes, s.failures, len(s.visitors))
	}
	return text.Bytes()
}

var markdown = goldmark.New(goldmark.WithExtensions(extension.Table))

// render turns the report into HTML.
func render(text []byte) int {
	var html bytes.Buffer
	if err := markdown.Convert(text, &html); err != nil {
		panic(err)
	}
	return html.Len()
}

func round(account *Account, size int, random *rand.Rand) {
	var lines []string
	var requests []request
	var rows []*summary
	var text []byte
	account.Measure("write the log", "main.writeLog", func() { lines = writeLog(size, random) })
	account.Measure("parse", "main.parse", func() { requests = parse(lines) })
	account.Measure("anonymize", "main.anonymize", func() { anonymize(requests) })
	account.Measure("summarize", "main.summarize", func() { rows = summarize(requests) })
	account.Measure("report", "main.report", func() { text = report(rows) })
	account.Measure("render", "main.render", func() { render(text) })
	account.Print(false)
}

func main() {
	seconds := flag.Float64("seconds", 0, "stop after this time (default: run until stopped)")
	flag.Parse()
	size := 3000
	if flag.NArg() > 0 {
		n, err := strconv.Atoi(flag.Arg(0))
		if err != nil || n < 1 {
			fmt.Fprintln(os.Stderr, "logs: SIZE is a whole number of lines, at least 1")
			os.Exit(2)
		}
		size = n
	}
	runtime.LockOSThread() // the account reads the clock of this thread
	// Each collection makes a locked thread give way and be woken again, which its clock charges to the part that happens to run.
	debug.SetGCPercent(800)
	random := rand.New(rand.NewPCG(1, 2))
	account := &Account{}
	end := time.Now().Add(time.Duration(*seconds * float64(time.Second)))
	for *seconds <= 0 || time.Now().Before(end) {
		round(account, size, random)
	}
	account.Print(true)
}
