"""Makes up arguments that nobody passed, from those that somebody did."""

import ast
import contextlib
import pickle
import random

from . import databases
from .cases import CASES, dump_case, is_live, load_case, read_cases
from .request import REQUEST, SUBJECT, answer
from .subject import definition, prepare, read_target


def leaves(value, found, depth=0):
    """Texts and numbers anywhere in the arguments: what is made of them looks like them."""
    if isinstance(value, (str, bytes, int, float)) and not isinstance(value, bool):
        found.setdefault(type(value), []).append(value)
    elif depth < 6 and not is_live(value):
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
    if is_live(value):
        return value
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
    captured = kept["cases"]
    noted = {case for case, _ in captured}
    for case, _ in captured:
        with contextlib.suppress(LookupError):
            leaves(load_case(case), pool)
    # What the function itself compares with and looks for.
    own = {}
    for node in ast.walk(definition(read_target())):
        if isinstance(node, ast.Constant):
            leaves(node.value, own)
    # As likely as what was captured, however much that is.
    for kind, values in own.items():
        known = pool.setdefault(kind, [])
        known.extend(values * max(1, len(known) // len(values)))
    generated = {}
    for turn in range(REQUEST["count"] * 4):
        if len(generated) >= REQUEST["count"]:
            break
        try:
            arguments, state = captured[turn % len(captured)]
            positional, keywords = load_case(arguments)
        except LookupError:
            continue
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
            case = dump_case(positional, keywords)
            if case not in noted:
                generated.setdefault(case, state)
        databases.settle()
    made = in_order(generated) + from_hypothesis(captured, pool)
    kept["generated"] = made
    with open(CASES, "wb") as file:
        pickle.dump(kept, file)
    answer({"generated": len(made)})


def in_order(generated):
    """By state, for each change of it copies files."""
    return sorted(generated.items(), key=lambda each: (each[1], each[0]))


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

    made = {}
    for case, state in captured[:5]:
        try:
            positional, keywords = load_case(case)
        except LookupError:
            continue

        @settings(max_examples=20, derandomize=True, database=None, deadline=None, suppress_health_check=list(HealthCheck))
        @given(st.tuples(*map(strategy, positional)))
        def note(values):
            with contextlib.suppress(Exception):
                made.setdefault(dump_case(values, keywords), state)

        note()
    for case, _ in captured:
        made.pop(case, None)
    return in_order(made)
