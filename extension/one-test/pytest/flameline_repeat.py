"""A plugin of pytest: runs a fast test again until there is enough of it to be sampled, and tells how often.

Each run is a whole one, with the fixtures of a function made anew; those of classes, modules and the session stay, as they do between
tests. It does nothing where the variable FLAMELINE_TEST_RESULT names no file.
"""

import json
import os
import time

import pytest
from _pytest.runner import runtestprotocol

RESULT = os.environ.get("FLAMELINE_TEST_RESULT", "")
# Seconds in the tests themselves, all together, and with their fixtures.
ENOUGH = 1.0
AT_MOST = 4.0

_told = {"runs": 0, "seconds": 0.0, "failed": 0}


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    if RESULT == "":
        return None
    part = 1 / max(len(item.session.items), 1)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    runs = 0
    inside = 0.0
    began = time.perf_counter()
    while True:
        # As if another test of the same class or module came next: only what is the function's own is taken down.
        reports = runtestprotocol(item, log=False, nextitem=item.parent)
        runs += 1
        inside += sum(report.duration for report in reports if report.when == "call")
        failed = any(report.failed for report in reports)
        called = any(report.when == "call" and report.passed for report in reports)
        if runs == 1 or failed:
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
        if failed or not called or inside >= ENOUGH * part or time.perf_counter() - began >= AT_MOST * part:
            break
    _take_down(item, nextitem)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
    # Of a test with parameters: how often its rows were run, the rarest.
    if called or failed:
        _told["runs"] = runs if _told["runs"] == 0 else min(_told["runs"], runs)
    _told["seconds"] += inside
    _told["failed"] += failed
    return True


def _take_down(item, nextitem):
    """What the test shares with those around it, as far as the next one doesn't need it."""
    call = pytest.CallInfo.from_call(lambda: item.session._setupstate.teardown_exact(nextitem), when="teardown")
    if call.excinfo is not None:
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        item.ihook.pytest_runtest_logreport(report=report)
        _told["failed"] += 1


def pytest_terminal_summary(terminalreporter):
    if _told["runs"] > 1:
        terminalreporter.write_line(f"ran {_told['runs']} times in {_told['seconds']:.2f} s to be profiled")


def pytest_sessionfinish():
    if RESULT != "":
        with open(RESULT, "w", encoding="utf-8") as file:
            json.dump(_told, file)
