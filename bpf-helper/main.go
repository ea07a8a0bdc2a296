// Flameline's helper: `serve` takes samples as root and sends them over a socket; `symbolize` names addresses without
// any privilege; `check` says what this machine can do.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/control"
	"flameline.dev/helper/internal/service"
	"flameline.dev/helper/internal/symbolize"
	"flameline.dev/helper/internal/wire"
)

// Exit codes, as those of the command.
const (
	exitDone    = 0
	exitUsage   = 2
	exitCannot  = 3
	usage       = "usage: flameline-helper serve [--idle 300s] [--user UID | --service] | serve --replay FILE --socket PATH [--speed N] | check [--load] | install [--sha256 DIGEST] [--start] | uninstall | version"
	defaultIdle = 300 * time.Second
	// garbagePercent trades memory, of which we take half of what we may, for a twelfth of our CPU time.
	garbagePercent = 100
	// softLimit is where the collector begins to work harder: twice what a large recording takes.
	softLimit    = 128 << 20
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
	case "check":
		return check(arguments[1:])
	case "install":
		return install(arguments[1:])
	case "uninstall":
		return uninstall(arguments[1:])
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
	service := flags.Bool("service", false, "serve all users, each with their own processes, at systemd's socket or at /run/flameline/helper.sock")
	verbose := flags.Bool("verbose", false, "say more on stderr")
	replay := flags.String("replay", "", "send this recorded batches.jsonl; needs no privilege")
	speed := flags.Float64("speed", 1, "how much faster than recorded to replay; 0 is as fast as possible")
	socket := flags.String("socket", "", "where to listen for clients of a replay")
	if flags.Parse(arguments) != nil || flags.NArg() > 0 {
		return exitUsage
	}
	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit)
	}
	control.Calm()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	options := control.Options{Idle: *idle, Log: log, Ready: func(path string) { fmt.Println("ready", path) }}
	if *replay != "" {
		if *socket == "" || *speed < 0 {
			return complain(exitUsage, errors.New("--replay needs --socket PATH, and --speed of at least 0"))
		}
		if *speed == 0 {
			*speed = math.Inf(1)
		}
		options.UID = uint32(os.Geteuid())
		if err := control.Replay(ctx, control.ReplayOptions{Options: options, File: *replay, Socket: *socket, Speed: *speed}); err != nil {
			return complain(exitUsage, err)
		}
		return exitDone
	}
	if *service && *user >= 0 {
		return complain(exitUsage, errors.New("--service serves all users: leave --user away"))
	}
	if *service {
		options.Service = true
		idleGiven := false
		flags.Visit(func(f *flag.Flag) { idleGiven = idleGiven || f.Name == "idle" })
		if !idleGiven && !control.IsActivated(os.Getenv) {
			options.Idle = 0 // nobody would start it again
		}
	} else {
		uid, err := servedUser(*user, os.Getenv)
		if err != nil {
			return complain(exitUsage, err)
		}
		options.UID = uid
	}
	if err := control.Serve(ctx, options); err != nil {
		return complain(exitCannot, err)
	}
	return exitDone
}

func check(arguments []string) int {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	load := flags.Bool("load", false, "also load everything into the kernel once, which takes seconds")
	if flags.Parse(arguments) != nil || flags.NArg() > 0 {
		return exitUsage
	}
	var try func() error
	if *load {
		try = func() error { return capture.Try(slog.New(slog.NewTextHandler(os.Stderr, nil))) }
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(control.Inspect(try)); err != nil {
		return complain(exitCannot, err)
	}
	return exitDone
}

// install puts this program where the service runs from. The digest is checked here, as root, against what runs: the
// kernel lets nobody write to a program that runs.
func install(arguments []string) int {
	flags := flag.NewFlagSet("install", flag.ContinueOnError)
	digest := flags.String("sha256", "", "the digest that this program must have")
	start := flags.Bool("start", false, "start the service too where systemd does not run")
	if flags.Parse(arguments) != nil || flags.NArg() > 0 {
		return exitUsage
	}
	return change("installing", func(m *service.Machine) (string, error) {
		return m.Install(service.InstallOptions{SHA256: *digest, Version: wire.HelperVersion, Start: *start})
	})
}

func uninstall(arguments []string) int {
	if len(arguments) > 0 {
		fmt.Fprintln(os.Stderr, usage)
		return exitUsage
	}
	return change("removing", (*service.Machine).Uninstall)
}

func change(deed string, by func(*service.Machine) (string, error)) int {
	if os.Geteuid() != 0 {
		return complain(exitCannot, fmt.Errorf("%s the service needs root; run it with sudo", deed))
	}
	said, err := by(service.This())
	if err != nil {
		return complain(exitCannot, err)
	}
	fmt.Println(said)
	return exitDone
}

func complain(code int, err error) int {
	fmt.Fprintln(os.Stderr, "flameline-helper:", err)
	return code
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
