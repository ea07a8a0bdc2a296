package control

import (
	"testing"

	"flameline.dev/helper/internal/capture"
	"flameline.dev/helper/internal/recording"
	"flameline.dev/helper/internal/target"
)

func TestWhoEndsAWaitIsNamedToWhoMaySeeIt(t *testing.T) {
	h := &hub{table: target.NewTable(target.Proc{Folder: t.TempDir()})}
	waiter := capture.Sample{PID: 10, StartNs: 1, UID: 7}
	worker := capture.Waker{PID: 10, TID: 12, UID: 7, StartNs: 1, Thread: "worker"}
	stranger := capture.Waker{PID: 20, TID: 20, UID: 8, StartNs: 2, Thread: "secret"}
	mixed := capture.Waker{PID: 30, TID: 30, UID: capture.MixedUID, StartNs: 3, Thread: "sudo"}
	for _, c := range []struct {
		peer peer
		by   capture.Waker
		want string
	}{
		{peer{uid: 7}, worker, "worker 12"},
		{peer{uid: 7}, stranger, "another user's process"},
		{peer{uid: 7}, mixed, "another user's process"},
		{peer{uid: 0}, stranger, "secret"},
		{peer{uid: 7}, capture.Waker{}, ""},
		{peer{uid: 7, namespace: 99}, capture.Waker{PID: 40, UID: 7, StartNs: 4, Thread: "outside"}, "a process outside of this container"},
	} {
		sample := waiter
		sample.Waker = c.by
		if got := h.wokenBy(&live{peer: c.peer, recording: recording.New(1, 99, 0, 0)}, &sample); got != c.want {
			t.Errorf("uid %d is told of %q as %q, not %q", c.peer.uid, c.by.Thread, got, c.want)
		}
	}
}
