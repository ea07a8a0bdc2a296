"""Runs the project's tests with pytest."""

import contextlib
import io
import os
import sys
import threading

from .capture import Capture
from .request import REQUEST, answer


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
