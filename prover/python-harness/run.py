"""Runs one step of a proof in the project's own interpreter; started by prover/python-trial.ts, once for each step.

usage: python run.py STEP < request.json > nothing; the answer is JSON in the file that the request names.

All steps work on a scratch copy of the workspace, whose one file is the old text, the new one, or a mutant of the new one.
"""

import os
import resource
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:] = [HERE, *(each for each in sys.path if os.path.abspath(each or ".") != HERE)]
from flameline_harness import capture, generate, guard, measure, mutate, native, project_tests, replay
from flameline_harness.request import REQUEST, Refused, answer

# The project's modules may have the names of ours.
sys.path.remove(HERE)

STEPS = {
    "capture": capture.step_capture,
    "tests": project_tests.step_tests,
    "generate": generate.step_generate,
    "replay": replay.step_replay,
    "describe": replay.step_describe,
    "time": measure.step_time,
    "mutants": mutate.step_mutants,
}

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (REQUEST["memoryBytes"], REQUEST["memoryBytes"]))
    sys.addaudithook(guard.audit)
    native.watch()
    try:
        STEPS[sys.argv[1]]()
    except Refused as reason:
        guard.stage = "free"
        answer({"refused": f"it {reason}" if str(reason) in guard.DEEDS else str(reason)})
    except BaseException as error:
        guard.stage = "free"
        answer({"failed": f"{type(error).__name__}: {error}"})
    os._exit(0)
