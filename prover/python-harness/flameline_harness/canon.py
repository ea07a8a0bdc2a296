"""Values as data that is equal where they can't be told apart."""

import inspect
import json
import struct

from .cases import is_live, is_model
from .request import Refused


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
        if is_model(value):
            return self.of_model(value, kind)
        if is_live(value):
            return self.of_database(value, kind)
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

    def of_model(self, value, kind):
        """Without what was prefetched, and the rows that it leads to."""
        known = {name: each for name, each in vars(value).items() if name not in ("_state", "_prefetched_objects_cache")}
        return ["row", kind.__module__, kind.__qualname__, [[name, self.of(each)] for name, each in sorted(known.items())]]

    def of_database(self, value, kind):
        """A row by its columns: which relationships are loaded is what a change of the loading changes. A session by what it would write."""
        state = getattr(value, "_sa_instance_state", None)
        if state is None:
            unwritten = [len(getattr(value, name, ())) for name in ("new", "dirty", "deleted")]
            return ["database", kind.__module__, kind.__qualname__, unwritten]
        mapper = state.mapper
        columns = set(mapper.column_attrs.keys())
        held = [[name, self.of(each)] for name, each in sorted(state.dict.items()) if name in columns or (name not in mapper.attrs and name != "_sa_instance_state")]
        changed = sorted(name for name in state.committed_state if name not in columns)
        return ["row", kind.__module__, kind.__qualname__, repr(state.key and state.key[1]), held, changed]


def canonical(value):
    return json.dumps(value, separators=(",", ":"))
