"""Runs a function of the user's code for a proof; started by prover/python-trial.ts, once for each step.

usage: python harness.py STEP < request.json > nothing; the answer is JSON in the file that the request names.

All steps work on a scratch copy of the workspace, whose one file is the old text, the new one, or a mutant of the new one.
"""

import json
import os
import sys

REQUEST = json.load(sys.stdin)
sys.stdin = open(os.devnull)
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") != HERE]

import ast
import contextlib
import gc
import hashlib
import importlib
import importlib.util
import inspect
import io
import logging
import pickle
import random
import resource
import signal
import struct
import threading
import time

TARGET = os.path.realpath(REQUEST["file"])
SUBJECT = REQUEST["subject"]
CASES = REQUEST["cases"]
MOST_CASES = 100
MOST_CASE_BYTES = 1 << 20
MOST_BYTES = 20 << 20


class Refused(BaseException):
    """What makes a proof impossible. Not an Exception, so that no handler of the user's code takes it."""


def answer(value):
    part = REQUEST["answer"] + ".part"
    with open(part, "w") as file:
        json.dump(value, file)
    os.replace(part, REQUEST["answer"])


# Side effects -------------------------------------------------------------------------------------------------------

# "free": our own code. "program": writes below the scratch copy are harmless. "call": a function under proof has none at all.
stage = "free"
refusal = None
OUTSIDE = {
    "socket.connect": "opens a connection",
    "socket.bind": "opens a port",
    "socket.sendto": "sends over the network",
    "subprocess.Popen": "starts a process",
    "os.system": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.spawn": "starts a process",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.kill": "ends a process",
    "os.killpg": "ends a process",
    "sqlite3.connect": "opens a database",
}
CHANGES = {
    "os.remove": 0,
    "os.rename": 1,
    "os.rmdir": 0,
    "os.mkdir": 0,
    "os.truncate": 0,
    "os.chmod": 0,
    "os.chown": 0,
    "os.link": 1,
    "os.symlink": 1,
    "os.utime": 0,
    "shutil.rmtree": 0,
    "shutil.move": 1,
}


def audit(event, args):
    global refusal
    if stage == "free":
        return
    said = None
    if event in OUTSIDE:
        said = OUTSIDE[event]
    elif event == "open":
        path, mode, flags = args
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) if isinstance(flags, int) else 0
        if writes and not harmless(path):
            said = "writes a file"
    elif event in CHANGES and not harmless(args[CHANGES[event]]):
        said = "changes files"
    if said is not None:
        refusal = refusal or said
        raise Refused(said)


def harmless(path):
    if isinstance(path, int) or path is None:
        return True
    path = os.path.realpath(os.fsdecode(path))
    if path == os.devnull:
        return True
    return stage == "program" and path.startswith(REQUEST["scratch"] + os.sep)


@contextlib.contextmanager
def at(name):
    global stage
    before, stage = stage, name
    try:
        yield
    finally:
        stage = before


# The function -------------------------------------------------------------------------------------------------------


def definition(text):
    """The syntax node of the subject."""
    body = ast.parse(text).body
    *classes, name = SUBJECT.split(".")
    for part in classes:
        found = [each for each in body if isinstance(each, ast.ClassDef) and each.name == part]
        if len(found) != 1:
            raise Refused(f"there is not exactly one class {part}")
        body = found[0].body
    found = [each for each in body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and each.name == name]
    if len(found) != 1:
        raise Refused(f"{SUBJECT} is not defined exactly once at the top of its file or class")
    if isinstance(found[0], ast.AsyncFunctionDef):
        raise Refused(f"{SUBJECT} is asynchronous, which can't be compared call by call")
    return found[0]


def first_line(node):
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def read_target():
    with open(TARGET, encoding="utf-8", newline="") as file:
        return file.read()


def load_module(name):
    """Imports the target as it was imported in the run; what was the main program is not run as one."""
    if name == "__main__":
        name = "__mp_main__"
        spec = importlib.util.spec_from_file_location(name, TARGET)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        # Pickles of the run name its classes so.
        sys.modules["__main__"] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(name)
    if os.path.realpath(getattr(module, "__file__", "")) != TARGET:
        raise Refused("Python imports another copy of the file, say that of an installed package")
    return module


def find_function(module):
    """The function itself, without its decorators."""
    node = definition(read_target())
    found = module
    for part in SUBJECT.split("."):
        found = inspect.getattr_static(found, part)
    for _ in range(20):
        code = getattr(found, "__code__", None)
        if code is not None and code.co_name == node.name and code.co_firstlineno == first_line(node):
            if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
                raise Refused(f"{SUBJECT} is a generator, which can't be compared call by call")
            return found
        found = next(
            (each for each in (getattr(found, name, None) for name in ("__func__", "__wrapped__", "fget")) if each is not None),
            None,
        )
    raise Refused(f"{SUBJECT} is hidden by a decorator")


# Calls of the run ---------------------------------------------------------------------------------------------------


class Capture:
    """Notes the arguments of each call as it begins."""

    def __init__(self, until):
        node = definition(read_target())
        self.name, self.line = node.name, first_line(node)
        self.until = until
        self.cases = {}
        self.bytes = 0
        self.seen = 0
        self.skipped = 0
        self.module = None
        self.path = None
        self.touched = False
        self.lock = threading.Lock()
        self.codes = {}

    def on(self):
        threading.setprofile(self.profile)
        sys.setprofile(self.profile)

    def off(self):
        sys.setprofile(None)
        threading.setprofile(None)

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
        if self.until is not None and (len(self.cases) >= MOST_CASES or self.bytes >= MOST_BYTES):
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
            case = pickle.dumps((tuple(positional), keywords), 4)
        except Exception:
            self.skipped += 1
            return
        if len(case) > MOST_CASE_BYTES or self.bytes + len(case) > MOST_BYTES:
            self.skipped += 1
            return
        if case not in self.cases:
            self.cases[case] = 0
            self.bytes += len(case)
        self.cases[case] += 1
        self.module = self.module or frame.f_globals.get("__name__")
        self.path = list(sys.path)

    def save(self):
        """Adds to what another run has kept."""
        kept = read_cases()
        known = {case for case, _ in kept["cases"]}
        for case, count in self.cases.items():
            if case not in known and len(kept["cases"]) < MOST_CASES:
                kept["cases"].append((case, count))
        if kept["module"] is None and self.module is not None:
            kept["module"], kept["path"] = self.module, self.path
        with open(CASES, "wb") as file:
            pickle.dump(kept, file)
        return {"seen": self.seen, "skipped": self.skipped, "kept": len(kept["cases"])}


def read_cases():
    try:
        with open(CASES, "rb") as file:
            return pickle.load(file)
    except FileNotFoundError:
        return {"module": None, "path": None, "cases": [], "generated": []}


def step_capture():
    """Runs the recorded program until enough calls are noted, it ends, or its time is up."""
    done = threading.Lock()

    def end(code=0):
        global stage
        if not done.acquire(blocking=False):
            time.sleep(60)
        stage = "free"
        capture.off()
        answer({**capture.save(), "refusal": refusal})
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


def step_tests():
    """Runs the project's tests, or the named ones; says how each ended and whether it called the function."""
    import pytest

    wanted = REQUEST.get("tests")
    capture = Capture(None)
    ended = {}

    class Plugin:
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_protocol(self, item):
            capture.touched = False
            yield
            ended.setdefault(item.nodeid, {"passed": False})["touched"] = capture.touched

        def pytest_runtest_logreport(self, report):
            one = ended.setdefault(report.nodeid, {"passed": False, "touched": False})
            if report.when == "call":
                one["passed"] = report.passed
            elif report.failed:
                one["passed"] = False

    def stop():
        capture.off()
        if wanted is None:
            capture.save()
        answer({"tests": ended, "complete": False})
        os._exit(0)

    timer = threading.Timer(REQUEST["seconds"], stop)
    timer.daemon = True
    timer.start()
    sys.path.insert(0, os.getcwd())
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        if wanted is None:
            capture.on()
        try:
            pytest.main(["-q", "-p", "no:cacheprovider", *(["-x"] if REQUEST.get("first") else []), *(wanted or [])], plugins=[Plugin()])
        finally:
            capture.off()
    if wanted is None:
        capture.save()
    answer({"tests": ended, "complete": True})
    os._exit(0)


# Arguments that nobody passed ---------------------------------------------------------------------------------------


def leaves(value, found, depth=0):
    """Texts and numbers anywhere in the arguments: what is made of them looks like them."""
    if isinstance(value, (str, bytes, int, float)) and not isinstance(value, bool):
        found.setdefault(type(value), []).append(value)
    elif depth < 6:
        if isinstance(value, (list, tuple, set, frozenset)):
            for each in list(value)[:50]:
                leaves(each, found, depth + 1)
        elif isinstance(value, dict):
            for key, each in list(value.items())[:50]:
                leaves(key, found, depth + 1)
                leaves(each, found, depth + 1)
        elif hasattr(value, "__dict__") and not isinstance(value, type):
            leaves(vars(value), found, depth + 1)


def vary(value, pool, dice):
    """A value of the same type, more or less."""
    kind = type(value)
    if kind is bool:
        return not value
    if kind is int:
        return dice.choice([dice.choice(pool[int]), dice.choice(pool[int]) + 1, 0, 1, -1, value + 1, value - 1, -value, value * 2, 2**31, dice.choice(pool[int])])
    if kind is float:
        return dice.choice([0.0, -0.0, 1.5, -value, value * 2, value / 3, float("inf"), float("-inf"), float("nan"), dice.choice(pool[float])])
    if kind in (str, bytes):
        other = dice.choice(pool[kind])
        if dice.random() < 0.4:
            return other
        if kind is str:
            odd = dice.choice(["", " ", "\n", "é", "漢字", "\0", "a", "Z", "0", "_", "\t", "\\", "\ud800", "😀"])
        else:
            odd = dice.choice([b"", b" ", b"\n", b"\xff", b"\0", b"a", b"0"])
        cut = dice.randrange(len(value) + 1)
        return dice.choice(
            [odd, value + odd, odd + value, value[:cut] + odd + value[cut:], value[:cut] + other, other + value, value[::-1], value[cut:], value.upper(), value * 2]
        )
    if kind is list:
        cut = dice.randrange(len(value) + 1)
        shuffled = list(value)
        dice.shuffle(shuffled)
        varied = [vary(each, pool, dice) if dice.random() < 0.4 else each for each in value]
        one = [vary(each, pool, dice) for each in value[cut : cut + 1]]
        return dice.choice([[], one, one, value[:cut], value + value[:cut], shuffled, varied, varied, varied])
    if kind is tuple:
        return tuple(vary(each, pool, dice) if dice.random() < 0.5 else each for each in value)
    if kind in (set, frozenset):
        return kind(vary(each, pool, dice) if dice.random() < 0.4 else each for each in sorted(value, key=repr))
    if kind is dict:
        items = [(key, vary(each, pool, dice) if dice.random() < 0.4 else each) for key, each in value.items() if dice.random() < 0.9]
        return dict(items)
    if hasattr(value, "__dict__") and not isinstance(value, type) and not callable(value):
        for name, each in list(vars(value).items()):
            if dice.random() < 0.3:
                with contextlib.suppress(Exception):
                    object.__setattr__(value, name, vary(each, pool, dice))
    return value


def step_generate():
    kept = read_cases()
    prepare(kept)
    dice = random.Random(20)
    pool = {}
    captured = [case for case, _ in kept["cases"]]
    for case in captured:
        leaves(pickle.loads(case), pool)
    # What the function itself compares with and looks for.
    own = {}
    for node in ast.walk(definition(read_target())):
        if isinstance(node, ast.Constant):
            leaves(node.value, own)
    # As likely as what was captured, however much that is.
    for kind, values in own.items():
        known = pool.setdefault(kind, [])
        known.extend(values * max(1, len(known) // len(values)))
    generated = set()
    for turn in range(REQUEST["count"] * 4):
        if len(generated) >= REQUEST["count"]:
            break
        positional, keywords = pickle.loads(captured[turn % len(captured)])
        method = "." in SUBJECT
        for _ in range(dice.choice([1, 1, 2])):
            index = dice.randrange(len(positional)) if positional else 0
            # `self` is varied less often: most of its states no constructor makes.
            if method and index == 0 and dice.random() < 0.7 and len(positional) > 1:
                index = dice.randrange(1, len(positional))
            if keywords and dice.random() < 0.3:
                name = dice.choice(sorted(keywords))
                keywords[name] = vary(keywords[name], pool, dice)
            elif positional:
                positional = (*positional[:index], vary(positional[index], pool, dice), *positional[index + 1 :])
        with contextlib.suppress(Exception):
            case = pickle.dumps((positional, keywords), 4)
            if case not in captured:
                generated.add(case)
    made = sorted(generated) + from_hypothesis(captured, pool)
    kept["generated"] = made
    with open(CASES, "wb") as file:
        pickle.dump(kept, file)
    answer({"generated": len(made)})


def from_hypothesis(captured, pool):
    """The same types again from Hypothesis' own strategies, where the project has it."""
    try:
        from hypothesis import HealthCheck, given, settings, strategies as st
    except ImportError:
        return []
    plain = {str: st.text(max_size=30), bytes: st.binary(max_size=30), int: st.integers(-(2**40), 2**40), float: st.floats(), bool: st.booleans()}

    def strategy(value):
        kind = type(value)
        if kind in plain:
            return st.one_of(plain[kind], st.sampled_from(pool[kind])) if kind in pool else plain[kind]
        if kind is list and value:
            return st.lists(strategy(value[0]), max_size=8)
        if kind is tuple:
            return st.tuples(*map(strategy, value))
        return st.just(value)

    made = []
    for case in captured[:5]:
        positional, keywords = pickle.loads(case)

        @settings(max_examples=20, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.tuples(*map(strategy, positional)))
        def note(values):
            with contextlib.suppress(Exception):
                made.append(pickle.dumps((values, keywords), 4))

        note()
    return sorted(set(made) - set(captured))


# What a call did ----------------------------------------------------------------------------------------------------


class Canon:
    """Values as data that is equal where they can't be told apart: floats by their bits, mutable ones with who else is the same object."""

    MOST = 200_000

    def __init__(self):
        self.known = {}
        self.held = []
        self.size = 0

    def of(self, value):
        self.size += 1
        if self.size > self.MOST:
            raise Refused("a result is too large to be compared")
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return [kind.__name__, repr(value)]
        if kind is float:
            return ["float", struct.pack(">d", value).hex()]
        if kind is complex:
            return ["complex", struct.pack(">dd", value.real, value.imag).hex()]
        if kind is bytes:
            return ["bytes", value.hex()]
        if kind is tuple:
            return ["tuple", *map(self.of, value)]
        if isinstance(value, type) or inspect.isroutine(value) or inspect.ismodule(value):
            return ["named", getattr(value, "__module__", ""), getattr(value, "__qualname__", getattr(value, "__name__", ""))]
        if id(value) in self.known:
            return ["same", self.known[id(value)]]
        self.known[id(value)] = len(self.known)
        self.held.append(value)
        if kind is list:
            return ["list", *map(self.of, value)]
        # The order of iteration is what a caller sees.
        if kind in (set, frozenset):
            return [kind.__name__, *map(self.of, value)]
        if kind is dict:
            return ["dict", *([self.of(key), self.of(each)] for key, each in value.items())]
        if kind is bytearray:
            return ["bytearray", value.hex()]
        if kind.__module__ == "re" and kind.__name__ == "Match":
            return ["match", repr(value), [self.of(value.regs), self.of(value.groups()), self.of(value.groupdict()), self.of(value.string), self.of(value.re)]]
        if kind.__module__ == "re" and kind.__name__ == "Pattern":
            return ["pattern", self.of(value.pattern), value.flags]
        if isinstance(value, BaseException):
            return ["exception", kind.__module__, kind.__qualname__, [self.of(each) for each in value.args]]
        if hasattr(value, "__next__"):
            items = []
            while len(items) < 10_000:
                try:
                    items.append(self.of(next(value)))
                except StopIteration:
                    return ["iterator", kind.__qualname__, *items]
                except Exception as error:
                    return ["iterator", kind.__qualname__, *items, self.of(error)]
            return ["iterator", kind.__qualname__, *items]
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:
            raise Refused(f"a {kind.__qualname__} can't be compared") from None
        if isinstance(reduced, str):
            return ["named", reduced]
        make, arguments, state, items, pairs = (*reduced, None, None, None, None)[:5]
        return [
            "object",
            kind.__module__,
            kind.__qualname__,
            self.of(make),
            self.of(arguments),
            self.of(state),
            [] if items is None else [self.of(each) for each in items],
            [] if pairs is None else [[self.of(key), self.of(each)] for key, each in pairs],
        ]


class Records(logging.Handler):
    """What is logged, as a reader of the log sees it."""

    def __init__(self):
        super().__init__()
        self.lines = []

    def emit(self, record):
        try:
            self.lines.append(f"{record.name} {record.levelname} {record.getMessage()}")
        except Exception as error:
            self.lines.append(f"{record.name} {record.levelname} {type(error).__name__}: {error}")


def prepare(kept):
    """The run's own import path, and its module."""
    if kept["module"] is None:
        raise Refused("no call was noted")
    sys.path[:] = kept["path"]
    with at("program"):
        return load_module(kept["module"])


def too_long(*_):
    raise TimeoutError("flameline: too long")


def outcome(function, case, limit):
    """What a call returns or raises, what becomes of its arguments, and what it prints and logs; None where it takes too long."""
    positional, keywords = pickle.loads(case)
    before = canonical(Canon().of((positional, keywords)))
    out, records = io.StringIO(), Records()
    root = logging.getLogger()
    root.addHandler(records)
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out), at("call"):
            try:
                ended = ["returned", function(*positional, **keywords)]
            except Exception as error:
                if isinstance(error, TimeoutError) and str(error).startswith("flameline:"):
                    return None
                ended = ["raised", error]
            canon = Canon()
            arguments = canon.of((positional, keywords))
            after = canon.of(ended[1])
    except TimeoutError:
        return None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        root.removeHandler(records)
    mutated = canonical(arguments) != before
    # A result that is an argument may be changed by the next call.
    shared = '"same"' in canonical(after)
    text = canonical([ended[0], after, arguments, out.getvalue(), records.lines])
    return {"key": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), "text": shown(ended), "copies": mutated or shared}


def canonical(value):
    return json.dumps(value, separators=(",", ":"))


def shown(ended):
    kind, value = ended
    try:
        text = repr(value)
    except Exception:
        text = type(value).__name__
    return f"{kind} {text[:120]}"


def step_replay():
    """All calls, captured and generated; `wanted` are the indices to run, by default all until the time is up."""
    kept = read_cases()
    cases = [case for case, _ in kept["cases"]] + kept["generated"]
    captured = len(kept["cases"])
    if REQUEST["verbose"]:
        # What is logged nowhere is compared too.
        logging.getLogger().setLevel(1)
    module = prepare(kept)
    function = find_function(module)
    signal.signal(signal.SIGALRM, too_long)
    ends = time.monotonic() + REQUEST["seconds"]
    wanted = REQUEST.get("wanted")
    outcomes = {}
    for index in range(len(cases)) if wanted is None else wanted:
        if time.monotonic() > ends:
            break
        try:
            outcomes[index] = outcome(function, cases[index], 2.0 if index < captured else 0.3)
        except Refused:
            # A captured call is what the program does; generated arguments may lead anywhere.
            if index < captured:
                raise
            outcomes[index] = None
    answer({"outcomes": outcomes, "captured": captured})


def describe(case):
    positional, keywords = pickle.loads(case)
    text = ", ".join([*map(repr, positional), *(f"{name}={each!r}" for name, each in keywords.items())])
    return f"{SUBJECT}({text[:200]})"


def step_describe():
    kept = read_cases()
    prepare(kept)
    cases = [case for case, _ in kept["cases"]] + kept["generated"]
    answer({"text": describe(cases[REQUEST["index"]])})


# Time ---------------------------------------------------------------------------------------------------------------


def step_time():
    """CPU time, ns, of so many rounds of the captured calls; without `rounds` says how many last long enough."""
    kept = read_cases()
    function = find_function(prepare(kept))
    cases = [kept["cases"][index][0] for index in REQUEST["wanted"]]
    sys.stdout = sys.stderr = io.StringIO()
    logging.disable(logging.NOTSET)
    copies = REQUEST["copies"]
    shared = [pickle.loads(case) for case in cases]

    def rounds(count):
        spent = 0
        left = count
        while left > 0:
            some = min(left, 16) if copies else left
            batch = [pickle.loads(case) for case in cases for _ in range(some)] if copies else shared
            begin = time.process_time_ns()
            for _ in range(1 if copies else some):
                for positional, keywords in batch:
                    try:
                        function(*positional, **keywords)
                    except Exception:
                        pass
            spent += time.process_time_ns() - begin
            left -= some
            sys.stdout.seek(0)
            sys.stdout.truncate()
        return spent

    with at("call"):
        gc.collect()
        gc.disable()
        rounds(1)
        if REQUEST.get("rounds"):
            answer_ns = rounds(REQUEST["rounds"])
            result = {"ns": answer_ns}
        else:
            count = 1
            spent = rounds(count)
            while spent < REQUEST["atLeastNs"] and count < 1 << 24:
                count = max(count * 2, min(count * 8, int(count * REQUEST["atLeastNs"] / max(spent, 1)) + 1))
                spent = rounds(count)
            result = {"rounds": count}
    answer(result)


# Mutants ------------------------------------------------------------------------------------------------------------

OTHER_NAME = {
    "match": "search", "search": "match", "fullmatch": "match", "findall": "split", "sub": "subn", "split": "findall",
    "append": "remove", "add": "discard", "update": "clear", "extend": "append", "join": "strip", "strip": "lstrip", "lower": "upper",
    "upper": "lower", "startswith": "endswith", "endswith": "startswith", "min": "max", "max": "min", "any": "all", "all": "any",
    "sorted": "list", "loads": "dumps", "dumps": "loads", "set": "list", "frozenset": "list", "copy": "deepcopy", "info": "error", "debug": "error",
    "warning": "error", "union": "intersection", "get": "pop", "items": "keys", "keys": "values", "values": "keys", "sum": "len", "len": "sum",
}
OTHER_COMPARISON = {
    "Lt": "<=", "LtE": "<", "Gt": ">=", "GtE": ">", "Eq": "!=", "NotEq": "==", "In": "not in", "NotIn": "in", "Is": "is not", "IsNot": "is",
}
OTHER_OPERATOR = {"Add": "-", "Sub": "+", "Mult": "+", "Div": "*", "FloorDiv": "*", "Mod": "+", "BitOr": "&", "BitAnd": "|"}


def step_mutants():
    """Small mistakes in the changed lines of the new text, then in the rest of the function."""
    text = read_target()
    lines = text.encode().splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = text.encode()
    tree = ast.parse(text)
    node = definition(text)
    changed = [range(first, last + 1) for first, last in REQUEST["changed"]]

    def span(each):
        return starts[each.lineno - 1] + each.col_offset, starts[each.end_lineno - 1] + each.end_col_offset

    def code(each):
        begin, end = span(each)
        return data[begin:end].decode()

    found = []

    def mutant(each, replacement, what):
        begin, end = span(each)
        mutated = data[:begin] + replacement.encode("utf-8", "surrogatepass") + data[end:]
        try:
            ast.parse(mutated)
        except (SyntaxError, ValueError):
            return
        near = any(each.lineno in part for part in changed)
        found.append((0 if near else 1, mutated.decode("utf-8", "surrogatepass"), f"line {each.lineno}: {what}"))

    def mutate(each):
        if isinstance(each, ast.Constant) and isinstance(each.value, (str, bytes)) and each.value != "" and each.value != b"":
            value = each.value
            mutant(each, repr(value[:-1]), "a text without its end")
            mutant(each, repr(value[1:]), "a text without its beginning")
            mutant(each, repr(value + (b"x" if isinstance(value, bytes) else "x")), "a text with a letter more")
        elif isinstance(each, ast.Constant) and type(each.value) in (int, float):
            mutant(each, repr(each.value + 1), "a number more by one")
        elif isinstance(each, ast.Constant) and isinstance(each.value, bool):
            mutant(each, repr(not each.value), "the other truth value")
        elif isinstance(each, ast.Compare) and len(each.ops) == 1:
            operator = OTHER_COMPARISON[type(each.ops[0]).__name__]
            mutant(each, f"({code(each.left)} {operator} {code(each.comparators[0])})", "another comparison")
        elif isinstance(each, ast.BoolOp):
            word = " or " if isinstance(each.op, ast.And) else " and "
            mutant(each, "(" + word.join(f"({code(one)})" for one in each.values) + ")", "another connective")
        elif isinstance(each, ast.BinOp) and type(each.op).__name__ in OTHER_OPERATOR:
            mutant(each, f"({code(each.left)} {OTHER_OPERATOR[type(each.op).__name__]} {code(each.right)})", "another operator")
        elif isinstance(each, ast.UnaryOp) and isinstance(each.op, ast.Not):
            mutant(each, f"({code(each.operand)})", "no negation")
        elif isinstance(each, ast.Call):
            name = each.func.attr if isinstance(each.func, ast.Attribute) else getattr(each.func, "id", "")
            if name in OTHER_NAME:
                other = f"{code(each.func.value)}.{OTHER_NAME[name]}" if isinstance(each.func, ast.Attribute) else OTHER_NAME[name]
                mutant(each.func, other, f"{OTHER_NAME[name]} for {name}")
            if len(each.args) > 1:
                mutant(each, f"{code(each.func)}({', '.join(map(code, each.args[:-1]))})", "an argument less")
                swapped = [each.args[1], each.args[0], *each.args[2:]]
                mutant(each, f"{code(each.func)}({', '.join(map(code, swapped))})", "arguments the other way round")
        elif isinstance(each, (ast.If, ast.While, ast.IfExp)):
            mutant(each.test, f"(not ({code(each.test)}))", "the opposite condition")
        elif isinstance(each, (ast.Assign, ast.AugAssign, ast.Expr)) and not isinstance(getattr(each, "value", None), ast.Constant):
            mutant(each, "pass", "a statement less")
        elif isinstance(each, ast.Return) and each.value is not None:
            mutant(each, "return None", "nothing returned")

    body = [each for each in tree.body if any(each.lineno in part for part in changed) and not hasattr(each, "body")]
    for part in [*body, node]:
        for each in ast.walk(part):
            if hasattr(each, "lineno") and not isinstance(each, (ast.arguments, ast.arg)):
                mutate(each)
    unique = {mutated: (near, what) for near, mutated, what in reversed(found)}
    near = [(mutated, what) for mutated, (order, what) in unique.items() if order == 0]
    rest = [(mutated, what) for mutated, (order, what) in unique.items() if order == 1]
    dice = random.Random(7)
    dice.shuffle(near)
    dice.shuffle(rest)
    most = REQUEST["most"]
    chosen = near[:most] if len(near) >= 5 else [*near, *rest][: min(most, max(5, len(near)))]
    answer({"mutants": [{"text": mutated, "what": what} for mutated, what in chosen]})


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (REQUEST["memoryBytes"], REQUEST["memoryBytes"]))
    sys.addaudithook(audit)
    try:
        {
            "capture": step_capture,
            "tests": step_tests,
            "generate": step_generate,
            "replay": step_replay,
            "describe": step_describe,
            "time": step_time,
            "mutants": step_mutants,
        }[sys.argv[1]]()
    except Refused as reason:
        stage = "free"
        answer({"refused": f"it {reason}" if str(reason) in {*OUTSIDE.values(), "writes a file", "changes files"} else str(reason)})
    except BaseException as error:
        stage = "free"
        answer({"failed": f"{type(error).__name__}: {error}"})
    os._exit(0)
