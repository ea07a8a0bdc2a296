// Flameline's helper: `serve` takes samples as root and sends them over a socket; `symbolize` names addresses without
// any privilege; `check` says what this machine can do.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"flameline.dev/helper/internal/control"
	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/wire"
)

// Exit codes, as those of the command.
const (
	exitDone     = 0
	exitUsage    = 2
	exitCannot   = 3
	usage        = "usage: flameline-helper serve [--idle 300s] [--user UID] | serve --replay FILE --socket PATH [--speed N] | check | version"
	defaultIdle  = 300 * time.Second
	userFlagHelp = "serve this user; counts only where neither SUDO_UID nor PKEXEC_UID is set"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(arguments []string) int {
	if len(arguments) == 0 {
		fmt.Fprintln(os.Stderr, usage)
		return exitUsage
	}
	switch arguments[0] {
	case "serve":
		return serve(arguments[1:])
	case "symbolize": // started by serve, with a socket
		return symbolize.Main()
	case "version":
		fmt.Println(wire.HelperVersion)
		return exitDone
	default:
		fmt.Fprintln(os.Stderr, usage)
		return exitUsage
	}
}

func serve(arguments []string) int {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	idle := flags.Duration("idle", defaultIdle, "exit after this time without a client")
	user := flags.Int64("user", -1, userFlagHelp)
	verbose := flags.Bool("verbose", false, "say more on stderr")
	if flags.Parse(arguments) != nil || flags.NArg() > 0 {
		return exitUsage
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	uid, err := servedUser(*user, os.Getenv)
	if err != nil {
		fmt.Fprintln(os.Stderr, "flameline-helper:", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	err = control.Serve(ctx, control.Options{
		UID: uid, Idle: *idle, Log: log, Ready: func(path string) { fmt.Println("ready", path) },
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "flameline-helper:", err)
		return exitCannot
	}
	return exitDone
}

// servedUser is the user behind sudo or pkexec; an argument counts only where neither says who that is.
func servedUser(argument int64, environment func(string) string) (uint32, error) {
	for _, name := range []string{"SUDO_UID", "PKEXEC_UID"} {
		if text := environment(name); text != "" {
			uid, err := strconv.ParseUint(text, 10, 32)
			if err != nil {
				return 0, fmt.Errorf("%s is not a user id: %q", name, text)
			}
			return uint32(uid), nil
		}
	}
	if argument < 0 {
		return uint32(os.Getuid()), nil
	}
	if argument >= 1<<32-1 {
		return 0, fmt.Errorf("--user is not a user id: %d", argument)
	}
	return uint32(argument), nil
}
