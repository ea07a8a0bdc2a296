"""The function under proof: its syntax, its module, itself."""

import ast
import importlib
import importlib.util
import inspect
import os
import sys

from .guard import at
from .request import SUBJECT, TARGET, Refused


def definition(text):
    """The syntax node of the subject."""
    body = ast.parse(text).body
    *classes, name = SUBJECT.split(".")
    for part in classes:
        found = [each for each in body if isinstance(each, ast.ClassDef) and each.name == part]
        if len(found) != 1:
            raise Refused(f"there is not exactly one class {part}")
        body = found[0].body
    found = [each for each in body if isinstance(each, (ast.FunctionDef, ast.AsyncFunctionDef)) and each.name == name]
    if len(found) != 1:
        raise Refused(f"{SUBJECT} is not defined exactly once at the top of its file or class")
    if isinstance(found[0], ast.AsyncFunctionDef):
        raise Refused(f"{SUBJECT} is asynchronous, which can't be compared call by call")
    return found[0]


def first_line(node):
    return min([node.lineno, *(each.lineno for each in node.decorator_list)])


def read_target():
    with open(TARGET, encoding="utf-8", newline="") as file:
        return file.read()


def load_module(name):
    """Imports the target as it was imported in the run; what was the main program is not run as one."""
    if name == "__main__":
        name = "__mp_main__"
        spec = importlib.util.spec_from_file_location(name, TARGET)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        # Pickles of the run name its classes so.
        sys.modules["__main__"] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(name)
    if os.path.realpath(getattr(module, "__file__", "")) != TARGET:
        raise Refused("Python imports another copy of the file, say that of an installed package")
    return module


def find_function(module):
    """The function itself, without its decorators."""
    node = definition(read_target())
    found = module
    for part in SUBJECT.split("."):
        found = inspect.getattr_static(found, part)
    for _ in range(20):
        code = getattr(found, "__code__", None)
        if code is not None and code.co_name == node.name and code.co_firstlineno == first_line(node):
            if code.co_flags & (inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR):
                raise Refused(f"{SUBJECT} is a generator, which can't be compared call by call")
            return found
        found = next(
            (each for each in (getattr(found, name, None) for name in ("__func__", "__wrapped__", "fget")) if each is not None),
            None,
        )
    raise Refused(f"{SUBJECT} is hidden by a decorator")


def prepare(kept):
    """The run's own import path, and its module."""
    if kept["module"] is None:
        raise Refused("no call was noted")
    sys.path[:] = kept["path"]
    with at("program"):
        return load_module(kept["module"])
