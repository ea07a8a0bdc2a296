"""The calls that are kept: arguments of the run, and those that were made up."""

import pickle

from .request import REQUEST

CASES = REQUEST["cases"]

def read_cases():
    try:
        with open(CASES, "rb") as file:
            return pickle.load(file)
    except FileNotFoundError:
        return {"module": None, "path": None, "cases": [], "generated": []}
