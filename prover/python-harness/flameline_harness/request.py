"""What one step was asked for, and its answer."""

import json
import os
import sys

REQUEST = json.load(sys.stdin)
sys.stdin = open(os.devnull)

TARGET = os.path.realpath(REQUEST["file"])
SUBJECT = REQUEST["subject"]

class Refused(BaseException):
    """What makes a proof impossible. Not an Exception, so that no handler of the user's code takes it."""


def answer(value):
    part = REQUEST["answer"] + ".part"
    with open(part, "w") as file:
        json.dump(value, file)
    os.replace(part, REQUEST["answer"])
