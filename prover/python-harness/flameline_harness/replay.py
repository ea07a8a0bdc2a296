"""Makes calls and says what each did."""

import contextlib
import hashlib
import io
import logging
import signal
import time

from .canon import Canon, canonical
from . import databases
from .cases import load_case, read_cases
from .guard import at
from .request import REQUEST, SUBJECT, Refused, answer
from .subject import find_function, prepare


# Of the CPU time that a call or all may take: so much wall time, on a machine that has other things to do.
WALL_FACTOR = 4


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


def too_long(*_):
    raise TimeoutError("flameline: too long")


def outcome(function, case, limit, keeper):
    """What a call returns or raises, what becomes of its arguments, and what it prints and logs; None where it takes too long."""
    dumped, state = case
    keeper.put(state)
    try:
        positional, keywords = load_case(dumped)
    except LookupError:
        return None
    sent = databases.statements
    before = canonical(Canon().of((positional, keywords)))
    out, records = io.StringIO(), Records()
    root = logging.getLogger()
    root.addHandler(records)
    # CPU time is what the call takes itself; one that waits ends, too.
    signal.setitimer(signal.ITIMER_PROF, limit)
    signal.setitimer(signal.ITIMER_REAL, WALL_FACTOR * limit)
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
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        root.removeHandler(records)
    asked = None if databases.statements is None else databases.statements - (sent or 0)
    written = keeper.changes()
    mutated = canonical(arguments) != before or bool(asked)
    # A result that is an argument may be changed by the next call.
    shared = '"same"' in canonical(after)
    text = canonical([ended[0], after, arguments, out.getvalue(), records.lines, written])
    return {**({} if asked is None else {"statements": asked}), "key": hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), "text": shown(ended), "copies": mutated or shared}


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
    cases = kept["cases"] + kept["generated"]
    captured = len(kept["cases"])
    if REQUEST["verbose"]:
        # What is logged nowhere is compared too.
        logging.getLogger().setLevel(1)
    keeper = databases.Keeper(kept["states"])
    function = find_function(prepare(kept))
    databases.watch()
    keeper.changes()
    signal.signal(signal.SIGALRM, too_long)
    signal.signal(signal.SIGPROF, too_long)
    # On a busy machine the same calls take the same CPU time, and many times the wall time.
    ends, latest = time.process_time() + REQUEST["seconds"], time.monotonic() + WALL_FACTOR * REQUEST["seconds"]
    wanted = REQUEST.get("wanted")
    outcomes = {}
    for index in range(len(cases)) if wanted is None else wanted:
        if time.process_time() > ends or time.monotonic() > latest:
            break
        try:
            outcomes[index] = outcome(function, cases[index], REQUEST["patience"] * (2.0 if index < captured else 0.3), keeper)
        except Refused:
            # A captured call is what the program does; generated arguments may lead anywhere.
            if index < captured:
                raise
            outcomes[index] = None
        if outcomes[index] is None:
            # It was broken off somewhere.
            databases.hang_up()
            keeper.changes()
    answer({"outcomes": outcomes, "captured": captured})


def describe(case):
    positional, keywords = load_case(case[0])
    text = ", ".join([*map(repr, positional), *(f"{name}={each!r}" for name, each in keywords.items())])
    return f"{SUBJECT}({text[:200]})"


def step_describe():
    kept = read_cases()
    prepare(kept)
    cases = kept["cases"] + kept["generated"]
    answer({"text": describe(cases[REQUEST["index"]])})
