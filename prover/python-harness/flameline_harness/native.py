"""Drivers that reach the network by native code, which no audit event tells of: their way in is replaced as soon as they are loaded."""

import functools
import importlib.abc
import importlib.machinery
import sys

from . import guard

CONNECTS = "opens a connection by native code"
# By module: what every connection goes through, as far as it can be replaced. `Class.method` of classes in Python; of others the name that users look up.
WAYS_IN = {
    "psycopg2": ["_connect"],
    "psycopg_c._psycopg": ["connect"],
    "psycopg_binary._psycopg": ["connect"],
    "psycopg.pq.pq_ctypes": ["PGconn.connect", "PGconn.connect_start"],
    "MySQLdb.connections": ["Connection.__init__"],
    "_mysql_connector": ["MySQL"],
    "mariadb": ["connect"],
    "mariadb._mariadb": ["connection"],
    "pyodbc": ["connect"],
    "pymssql._pymssql": ["connect"],
    "pymssql._mssql": ["connect"],
    "cx_Oracle": ["connect", "Connection", "SessionPool"],
    "oracledb.thick_impl": ["init_oracle_client", "ThickConnImpl", "ThickPoolImpl"],
    "ibm_db": ["connect", "pconnect"],
    "pycurl": ["Curl", "CurlMulti"],
    "grpc._cython.cygrpc": ["Channel", "Server"],
    "zmq.backend.cython._zmq": ["Socket"],
    "confluent_kafka.cimpl": ["Producer", "Consumer", "AdminClientImpl"],
    "_duckdb": ["connect"],
    "duckdb.duckdb": ["connect"],
}


class Finder(importlib.abc.MetaPathFinder):
    """Finds a driver as Python does, and replaces its way in right behind its loading, before anybody can have taken it."""

    def find_spec(self, name, path=None, target=None):
        if name not in WAYS_IN:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module):
                load(module)
                close(module, WAYS_IN[name])

            spec.loader.exec_module = exec_module
        return spec


def close(module, names):
    for name in names:
        *kinds, last = name.split(".")
        owner = functools.reduce(lambda at, each: getattr(at, each, None), kinds, module)
        original = getattr(owner, last, None)
        if original is None:
            continue
        try:
            setattr(owner, last, asking(original))
        except (AttributeError, TypeError):
            # A type that is made in C and can't be changed: it stays, and only the namespace without a network holds it.
            continue


def asking(original):
    """What does as `original` in our own code, and is refused in the user's."""
    if isinstance(original, type):

        def begin(kind, *_, **__):
            ask()
            return original.__new__(kind) if original.__new__ is object.__new__ else original.__new__(kind, *_, **__)

        try:
            # A class stays one: its users derive from it and ask for it.
            return type(original)(original.__name__, (original,), {"__new__": begin, "__module__": original.__module__})
        except TypeError:
            pass

    def ways(*positional, **keywords):
        ask()
        return original(*positional, **keywords)

    return ways


def ask():
    if guard.stage != "free":
        guard.refuse(CONNECTS)


def watch():
    sys.meta_path.insert(0, Finder())
