"""Notes the calls of the recorded program and of the project's tests."""

import contextlib
import inspect
import io
import os
import pickle
import sys
import threading
import time

from . import databases, guard
from .cases import CASES, dump_case, read_cases
from .guard import at
from .request import REQUEST, TARGET, answer
from .subject import definition, first_line, read_target

MOST_CASES = 100
# Of the databases, with which a call is noted again whose arguments are the same.
MOST_STATES = 4
# After so many calls, and so long without one that is new, no other is waited for.
ENOUGH_CALLS, BORED_SECONDS = 20, 4
MOST_CASE_BYTES = 1 << 20
MOST_BYTES = 20 << 20


class Capture:
    """Notes the arguments of each call as it begins."""

    def __init__(self, until):
        node = definition(read_target())
        self.name, self.line = node.name, first_line(node)
        self.until = until
        # Each with the state of the databases that it found; and how many states each was found with.
        self.cases = {}
        self.states = {}
        self.known = read_cases()
        self.bytes = 0
        self.seen = 0
        # When the last call was noted that is unlike all others.
        self.latest = None
        self.skipped = 0
        self.module = None
        self.path = None
        self.touched = False
        self.lock = threading.Lock()
        self.codes = {}

    def on(self):
        databases.history = databases.History(self.known["states"])
        threading.setprofile(self.profile)
        sys.setprofile(self.profile)

    def off(self):
        sys.setprofile(None)
        threading.setprofile(None)
        if databases.history is not None:
            self.known["states"] = databases.history.ended()
            databases.history = None

    def profile(self, frame, event, _):
        if event != "call":
            return
        code = frame.f_code
        ours = self.codes.get(code)
        if ours is None:
            ours = code.co_name == self.name and code.co_firstlineno == self.line and os.path.realpath(code.co_filename) == TARGET
            self.codes[code] = ours
        if not ours:
            return
        self.touched = True
        self.seen += 1
        if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE) or len(self.cases) >= MOST_CASES:
            return
        with self.lock, at("free"):
            sys.setprofile(None)
            try:
                self.note(frame, code)
            finally:
                sys.setprofile(self.profile)
        bored = self.latest is not None and self.seen >= ENOUGH_CALLS and time.monotonic() - self.latest > BORED_SECONDS
        if self.until is not None and (len(self.cases) >= MOST_CASES or self.bytes >= MOST_BYTES or bored):
            self.until()

    def note(self, frame, code):
        values = frame.f_locals
        count = code.co_argcount
        names = code.co_varnames
        positional = [values[name] for name in names[:count]]
        keywords = {name: values[name] for name in names[count : count + code.co_kwonlyargcount]}
        at_name = count + code.co_kwonlyargcount
        if code.co_flags & inspect.CO_VARARGS:
            positional.extend(values[names[at_name]])
            at_name += 1
        if code.co_flags & inspect.CO_VARKEYWORDS:
            keywords.update(values[names[at_name]])
        try:
            case = dump_case(tuple(positional), keywords)
        except Exception:
            self.skipped += 1
            return
        if len(case) > MOST_CASE_BYTES or self.bytes + len(case) > MOST_BYTES:
            self.skipped += 1
            return
        found = self.states.get(case, 0)
        if found < MOST_STATES:
            call = (case, databases.history.note())
            if call not in self.cases:
                self.cases[call] = None
                self.states[case] = found + 1
                self.latest = time.monotonic()
                self.bytes += len(case)
        self.module = self.module or frame.f_globals.get("__name__")
        self.path = list(sys.path)

    def save(self):
        """Adds to what another run has kept."""
        kept = self.known
        known = {case for case, _ in kept["cases"]}
        for call in self.cases:
            if call[0] not in known and len(kept["cases"]) < MOST_CASES:
                kept["cases"].append(call)
        if kept["module"] is None and self.module is not None:
            kept["module"], kept["path"] = self.module, self.path
        with open(CASES, "wb") as file:
            pickle.dump(kept, file)
        return {"seen": self.seen, "skipped": self.skipped, "kept": len(kept["cases"])}


def step_capture():
    """Runs the recorded program until enough calls are noted, it ends, or its time is up."""
    done = threading.Lock()

    def end(code=0):
        if not done.acquire(blocking=False):
            time.sleep(60)
        guard.stage = "free"
        capture.off()
        answer({**capture.save(), "refusal": guard.refusal})
        os._exit(code)

    capture = Capture(end)
    timer = threading.Timer(REQUEST["seconds"], end)
    timer.daemon = True
    timer.start()
    sys.stdout = sys.stderr = open(os.devnull, "w")
    import runpy

    run = REQUEST["run"]
    sys.argv = [run.get("script") or run["module"], *run["arguments"]]
    try:
        if run.get("script"):
            sys.path.insert(0, os.path.dirname(run["script"]))
            with at("program"):
                capture.on()
                runpy.run_path(run["script"], run_name="__main__")
        else:
            sys.path.insert(0, os.getcwd())
            with at("program"):
                capture.on()
                runpy.run_module(run["module"], run_name="__main__", alter_sys=True)
    except BaseException:
        pass
    end()
