"""What reaches outside of the scratch copy is refused: a guard against accidents."""

import contextlib
import os

from .request import REQUEST, Refused

# "free": our own code. "program": writes below the scratch copy are harmless. "call": a function under proof has none at all.
stage = "free"
refusal = None
# Set by `databases`.
on_sqlite_connect = None
on_import = None
OUTSIDE = {
    "socket.connect": "opens a connection",
    "socket.bind": "opens a port",
    "socket.sendto": "sends over the network",
    "subprocess.Popen": "starts a process",
    "os.system": "starts a process",
    "os.exec": "starts a process",
    "os.posix_spawn": "starts a process",
    "os.spawn": "starts a process",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.kill": "ends a process",
    "os.killpg": "ends a process",
}
CHANGES = {
    "os.remove": 0,
    "os.rename": 1,
    "os.rmdir": 0,
    "os.mkdir": 0,
    "os.truncate": 0,
    "os.chmod": 0,
    "os.chown": 0,
    "os.link": 1,
    "os.symlink": 1,
    "os.utime": 0,
    "shutil.rmtree": 0,
    "shutil.move": 1,
}


DEEDS = {*OUTSIDE.values(), "opens a connection by native code", "writes a file", "changes files"}


def refuse(said):
    global refusal
    refusal = refusal or said
    raise Refused(said)


def audit(event, args):
    if event == "import":
        on_import()
        return
    said = on_sqlite_connect(args[0], stage) if event == "sqlite3.connect" else None
    if stage == "free":
        return
    if event in OUTSIDE:
        said = OUTSIDE[event]
    elif event == "open":
        path, mode, flags = args
        writes = flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC) if isinstance(flags, int) else 0
        if writes and not harmless(path):
            said = "writes a file"
    elif event in CHANGES and not harmless(args[CHANGES[event]]):
        said = "changes files"
    if said is not None:
        refuse(said)


def harmless(path):
    if isinstance(path, int) or path is None:
        return True
    path = os.path.realpath(os.fsdecode(path))
    if path == os.devnull:
        return True
    return stage == "program" and path.startswith(REQUEST["scratch"] + os.sep)


@contextlib.contextmanager
def at(name):
    global stage
    before, stage = stage, name
    try:
        yield
    finally:
        stage = before
