"""The program's own account: CPU time of this thread around each part."""

import json
import time


class Account:
    """Adds up what each part costs and prints it as one JSON line at most once a second."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}
        self._places: dict[str, dict] = {}
        self._printed = 0.0

    def part(self, name: str, place: dict) -> "Part":
        self._places.setdefault(name, place)
        self._seconds.setdefault(name, 0.0)
        return Part(self, name)

    def add(self, name: str, seconds: float) -> None:
        self._seconds[name] += seconds

    def print(self, force: bool = False) -> None:
        if not force and time.monotonic() - self._printed < 1:
            return
        self._printed = time.monotonic()
        total = sum(self._seconds.values())
        parts = [
            {"name": name, **self._places[name], "share": seconds / total if total else 0.0}
            for name, seconds in self._seconds.items()
        ]
        print(json.dumps({"cpuSeconds": time.process_time(), "measuredSeconds": total, "parts": parts}), flush=True)


class Part:
    """Measures the block that it surrounds."""

    def __init__(self, account: Account, name: str) -> None:
        self._account = account
        self._name = name

    def __enter__(self) -> None:
        self._start = time.thread_time()

    def __exit__(self, *_: object) -> None:
        self._account.add(self._name, time.thread_time() - self._start)
