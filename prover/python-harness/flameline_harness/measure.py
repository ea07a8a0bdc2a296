"""How long calls take."""

import gc
import io
import logging
import sys
import time

from . import databases
from .cases import load_case, read_cases
from .guard import at
from .request import REQUEST, answer
from .subject import find_function, prepare


def step_time():
    """CPU time, ns, of so many rounds of the captured calls; without `rounds` says how many last long enough."""
    kept = read_cases()
    keeper = databases.Keeper(kept["states"])
    function = find_function(prepare(kept))
    keeper.changes()
    cases = [kept["cases"][index] for index in REQUEST["wanted"]]
    sys.stdout = sys.stderr = io.StringIO()
    logging.disable(logging.NOTSET)
    copies = REQUEST["copies"]
    # Each call finds the database as it was, with sessions of its own.
    states = {state for _, state in cases}
    alone = len(states) > 1 or (copies and databases.statements is not None)
    keeper.put(min(states))
    shared = [] if alone else [load_case(case) for case, _ in cases]

    def one_by_one(count):
        spent = 0
        for _ in range(count):
            for case, state in cases:
                keeper.put(state)
                positional, keywords = load_case(case)
                begin = time.process_time_ns()
                try:
                    function(*positional, **keywords)
                except Exception:
                    pass
                spent += time.process_time_ns() - begin
                keeper.put_back()
        return spent

    def rounds(count):
        if alone:
            return one_by_one(count)
        spent = 0
        left = count
        while left > 0:
            some = min(left, 16) if copies else left
            batch = [load_case(case) for case, _ in cases for _ in range(some)] if copies else shared
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
