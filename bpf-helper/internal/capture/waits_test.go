package capture

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"flameline.dev/helper/internal/wire"
)

func kernelFrames(names ...string) []*Frame {
	frames := make([]*Frame, 0, len(names)+1)
	for _, name := range names {
		frames = append(frames, &Frame{Language: wire.Kernel, Function: name})
	}
	return append(frames, &Frame{Language: wire.Native, Function: "do_wait"})
}

func TestAWaitsClassIsToldByItsKernelFrames(t *testing.T) {
	for _, c := range []struct {
		class  WaitClass
		frames []*Frame
	}{
		{WaitSleep, kernelFrames("schedule", "do_nanosleep", "hrtimer_nanosleep", "do_syscall_64")},
		{WaitLock, kernelFrames("schedule", "futex_do_wait", "__futex_wait", "futex_wait", "do_futex")},
		{WaitPipe, kernelFrames("schedule", "anon_pipe_read", "vfs_read", "ksys_read")},
		{WaitPipe, kernelFrames("schedule", "pipe_read", "vfs_read", "ksys_read")},
		{WaitNetwork, kernelFrames("schedule", "schedule_timeout", "wait_woken", "sk_wait_data", "tcp_recvmsg_locked")},
		{WaitChild, kernelFrames("schedule", "do_wait", "kernel_wait4")},
		{WaitDisk, kernelFrames("io_schedule", "folio_wait_bit_common", "filemap_read", "ext4_file_read_iter")},
		{WaitPageIn, kernelFrames("io_schedule", "folio_wait_bit_common", "filemap_fault", "__do_fault", "handle_mm_fault")},
		{WaitLock, kernelFrames("schedule", "rwsem_down_read_slowpath", "down_read", "do_user_addr_fault")},
		{WaitEvents, kernelFrames("schedule", "schedule_hrtimeout_range", "ep_poll", "do_epoll_wait")},
		{WaitUnknown, kernelFrames("schedule", "something_new")},
		// A function of the program that is called like one of the kernel's decides nothing.
		{WaitUnknown, kernelFrames()},
	} {
		if got := classify(c.frames, false); got != c.class {
			t.Errorf("%s is classed %q, not %q", c.frames[0].Function, got, c.class)
		}
	}
	if got := classify(kernelFrames("schedule", "do_nanosleep"), true); got != WaitRunQueue {
		t.Errorf("what was preempted is classed %q", got)
	}
}

type ledgerBench struct {
	*waitLedger
	mark uint64
}

func newLedgerBench() *ledgerBench {
	return &ledgerBench{newWaitLedger(func(f Frame) *Frame { return &f }, 5*time.Millisecond), 77}
}

func (b *ledgerBench) stackAt(tid uint32, began int64, function string) Sample {
	return Sample{
		Event: Wait, TID: int32(tid), wait: waitKey{tid, began}, place: placeKey{tid, b.mark},
		Frames: []*Frame{{Language: wire.Native, Function: function}},
	}
}

func (b *ledgerBench) endAt(tid uint32, began, ended int64, taken bool, chance float64) *waitRecord {
	record := &waitRecord{TID: tid, Began: began, Left: began, Ended: ended, Mark: b.mark, Chance: uint32(chance * chance * certain)}
	if taken {
		record.Taken = 1
	}
	return record
}

func TestALongWaitCountsOnceHoweverItsStackAndEndMeet(t *testing.T) {
	const ms = int64(time.Millisecond)
	for name, order := range map[string]func(b *ledgerBench){
		"stack first": func(b *ledgerBench) {
			b.stack(b.stackAt(1, 100*ms, "wait"))
			b.end(b.endAt(1, 100*ms, 130*ms, true, 0.01))
		},
		"end first": func(b *ledgerBench) {
			b.end(b.endAt(1, 100*ms, 130*ms, true, 0.01))
			b.finishRound()
			b.stack(b.stackAt(1, 100*ms, "wait"))
		},
		"by the last stack of the place": func(b *ledgerBench) {
			b.stack(b.stackAt(1, 50*ms, "wait"))
			b.end(b.endAt(1, 100*ms, 130*ms, false, 0.01))
		},
	} {
		b := newLedgerBench()
		order(b)
		samples := b.take()
		if len(samples) != 1 || samples[0].Value != 30*ms || samples[0].Frames[1].Function != "wait" {
			t.Errorf("%s: %+v", name, samples)
		}
	}
}

func TestAStackThatNeverComesLosesNoTime(t *testing.T) {
	b := newLedgerBench()
	b.end(b.endAt(1, 0, int64(20*time.Millisecond), true, 1))
	for range roundsToStack + 1 {
		b.finishRound()
	}
	samples := b.take()
	if len(samples) != 1 || samples[0].Value != int64(20*time.Millisecond) || samples[0].Outcome != LeafOnly {
		t.Errorf("%+v", samples)
	}
}

func TestAnOpenWaitIsToldEachSecondAndNothingTwice(t *testing.T) {
	const s = int64(time.Second)
	b := newLedgerBench()
	b.stack(b.stackAt(1, 10*s, "wait"))
	state := &threadRecord{Began: 10 * s, Left: 10 * s, Mark: b.mark}
	total := int64(0)
	for _, now := range []int64{10*s + s/2, 11 * s, 11*s + s/2, 12 * s, 13 * s} {
		b.settle(1, state, now, false)
		for _, sample := range b.take() {
			total += sample.Value
		}
	}
	if total != 3*s {
		t.Errorf("%d ms of 3 s were told while the wait was open", total/1e6)
	}
	b.end(b.endAt(1, 10*s, 13*s+s/4, true, 1))
	for _, sample := range b.take() {
		total += sample.Value
	}
	if total != 3*s+s/4 {
		t.Errorf("%d ms were told of 3250", total/1e6)
	}
}

// A thread's waits of two lengths at one place: their total is exact, and each is found with its own stack.
func TestShortWaitsAddUpWhateverTheDraw(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	b := newLedgerBench()
	state := &threadRecord{}
	state.Marks[3] = b.mark
	found, exact := map[string]float64{}, map[string]float64{}
	now := int64(1)
	for window := range 40 {
		for i := range 500 {
			function, length := "often", int64(20_000+random.IntN(20_000))
			if i%10 == 0 {
				function, length = "seldom", int64(1_000_000+random.IntN(1_000_000))
			}
			chance := 0.02 + 0.3*random.Float64() // whatever the gate predicts
			exact[function] += float64(length)
			state.ShortNs += uint64(length)
			state.Places[3].ShortNs += uint64(length)
			if random.Float64() < chance {
				b.stack(b.stackAt(1, now, function))
				b.end(b.endAt(1, now, now+length, true, chance))
			}
			now += length
		}
		b.settle(1, state, now, window == 39)
		b.finishSettling(now)
	}
	for _, sample := range b.take() {
		found[sample.Frames[1].Function] += float64(sample.Value)
	}
	total := exact["often"] + exact["seldom"]
	if difference := math.Abs(found["often"] + found["seldom"] - total); difference > 0.001*total {
		t.Errorf("the total is off by %.2f %%", 100*difference/total)
	}
	for function := range exact {
		if difference := math.Abs(found[function] - exact[function]); difference > 0.03*total {
			t.Errorf("%s: %.1f ms found, %.1f ms waited", function, found[function]/1e6, exact[function]/1e6)
		}
	}
}

func TestAnotherThreadWithTheSameNumberBeginsAnew(t *testing.T) {
	b := newLedgerBench()
	b.settle(1, &threadRecord{ShortNs: 900}, 1, false)
	state := &threadRecord{ShortNs: 100}
	state.Marks[0], state.Places[0] = b.mark, placeRecord{ShortNs: 100}
	b.stack(b.stackAt(1, 10, "wait"))
	b.end(b.endAt(1, 10, 60, true, 1))
	b.settle(1, state, 200, false)
	if samples := b.take(); len(samples) != 1 || samples[0].Value != 100 {
		t.Errorf("%+v", samples)
	}
}
