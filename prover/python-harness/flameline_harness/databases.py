"""Databases under proof: SQLite files of the scratch copy, put back after each call. All others are left alone.

SQLAlchemy and Django are never imported here, only watched where the project has imported them.
"""

import hashlib
import os
import sqlite3
import sys

from . import guard
from .request import REQUEST, Refused

SCRATCH = REQUEST["scratch"] + os.sep
COPIES = os.path.join(REQUEST["scratch"], "databases") + os.sep
MOST_DATABASES = 20
LARGEST = 64 << 20
# Of all copies together; what changes later is kept no more.
MOST_COPIED = 256 << 20
ELSEWHERE = "works on a database outside of the copy of the workspace, which a proof leaves alone; an SQLite file in the workspace's folder would be copied"
# Real paths of the files that were opened.
opened = set()
# Set while calls are noted.
history = None
# SQL statements that SQLAlchemy and Django have sent since the start; None while neither is there.
statements = None


def path_of(database):
    """The real path of what `sqlite3.connect` is given; None for a database in memory or a nameless one."""
    name = os.fsdecode(database)
    if name.startswith("file:"):
        name, _, options = name[5:].partition("?")
        if "mode=memory" in options:
            return None
        name = "/" + name.lstrip("/") if name.startswith("//") else name
    return None if name in ("", ":memory:") else os.path.realpath(name)


def note_open(database, stage):
    path = path_of(database)
    if path is None:
        return None
    if path.startswith(SCRATCH):
        if not path.startswith(COPIES) and path not in opened:
            opened.add(path)
            if history is not None:
                history.note()
        return None
    return None if stage == "free" else ELSEWHERE


guard.on_sqlite_connect = note_open
guard.DEEDS.add(ELSEWHERE)


watched = set()


def count(*_):
    global statements
    statements = (statements or 0) + 1


def connecting(kind):
    if guard.stage != "free" and kind != "sqlite":
        guard.refuse(ELSEWHERE)


def watch():
    """Counts statements and keeps SQLAlchemy and Django from other servers, once they are imported. Called often."""
    global statements
    package = sys.modules.get("sqlalchemy")
    if "sqlalchemy" not in watched and hasattr(package, "create_engine") and hasattr(package, "event"):
        watched.add("sqlalchemy")
        statements = statements or 0
        package.event.listen(package.engine.Engine, "before_cursor_execute", count)
        package.event.listen(package.engine.Engine, "do_connect", lambda dialect, *_: connecting(dialect.name))
    base = getattr(sys.modules.get("django.db.backends.base.base"), "BaseDatabaseWrapper", None)
    cursor = getattr(sys.modules.get("django.db.backends.utils"), "CursorWrapper", None)
    if "django" not in watched and base is not None and cursor is not None:
        watched.add("django")
        statements = statements or 0
        before(base, "connect", lambda wrapper, *_: connecting(wrapper.vendor))
        before(cursor, "_execute", count)
        before(cursor, "_executemany", count)


def before(kind, name, deed):
    """Does something before each call of a method."""
    method = getattr(kind, name)

    def wrapped(self, *args, **keywords):
        deed(self)
        return method(self, *args, **keywords)

    setattr(kind, name, wrapped)


guard.on_import = watch


def orm():
    """SQLAlchemy's mapper where the project has loaded it whole."""
    module = sys.modules.get("sqlalchemy.orm")
    return module if hasattr(module, "close_all_sessions") else None


def settle():
    """Ends what a call has left open."""
    if orm() is not None:
        orm().close_all_sessions()


def hang_up():
    """Closes Django's connections, whose transactions a call has left in the middle."""
    connections = getattr(sys.modules.get("django.db"), "connections", None)
    if connections is not None:
        connections.close_all()


# Their state -----------------------------------------------------------------------------------------------------------


class History:
    """What the files held as each call began: copies that are made as soon as a file is opened, and when it has changed since."""

    def __init__(self, states):
        # By path the file that holds its content, once for each moment at which that was new.
        self.states = list(states)
        self.held = {}
        self.marks = {}
        os.makedirs(COPIES, exist_ok=True)
        self.number = len(os.listdir(COPIES))
        self.copied = 0

    def note(self):
        """Copies what has changed; the number of the state that the files are in now."""
        changed = False
        for path in sorted(opened):
            changed = self.copy(path) or changed
        if changed or not self.states:
            self.states.append(dict(self.held))
        return len(self.states) - 1

    def copy(self, path):
        now = mark(path)
        if not now or self.marks.get(path) == now or (path not in self.held and len(self.held) >= MOST_DATABASES):
            return False
        size = os.path.getsize(path)
        if size > LARGEST or self.copied + size > MOST_COPIED:
            return False
        copy = os.path.join(COPIES, str(self.number))
        self.number += 1
        try:
            copy_database(path, copy)
        except sqlite3.Error:
            # No database, or one that stays locked.
            return False
        self.copied += size
        self.held[path] = copy
        self.marks[path] = now
        return True

    def ended(self):
        """The states, each with all files: one that a call was the first to open is as the next call found it."""
        self.note()
        first = {}
        for state in self.states:
            for path, copy in state.items():
                first.setdefault(path, copy)
        return [{**first, **state} for state in self.states]


def copy_database(source, target):
    """In place, so that open connections see it."""
    begin, end = sqlite3.connect(source, timeout=1), sqlite3.connect(target, timeout=3)
    try:
        # A copy that a crash leaves half done goes with all of the proof.
        end.execute("PRAGMA synchronous=OFF")
        begin.backup(end)
    finally:
        begin.close()
        end.close()


def content(path):
    connection = sqlite3.connect(path, timeout=3)
    try:
        digest = hashlib.sha256()
        for line in connection.iterdump():
            digest.update(line.encode("utf-8", "surrogatepass"))
        return digest.hexdigest()
    finally:
        connection.close()


def mark(path):
    """Changes when the file does."""
    marks = []
    for each in (path, path + "-wal", path + "-journal"):
        try:
            status = os.stat(each)
        except FileNotFoundError:
            continue
        marks.append((each, status.st_mtime_ns, status.st_size, status.st_ino))
    return marks


class Keeper:
    """Puts the files back as the call found them that is made next."""

    def __init__(self, states):
        self.states = states
        self.kept = {}
        self.marks = {}
        # What copies hold, as far as anybody asked.
        self.contents = {}
        for path in {path for state in states for path in state}:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        self.put(0)

    def put(self, number):
        """Puts the files into the state with this number."""
        state = self.states[number] if self.states else {}
        for path, copy in state.items():
            if self.kept.get(path) != copy:
                settle()
                copy_database(copy, path)
                self.marks[path] = mark(path)
        self.kept = state

    def put_back(self):
        """Where nobody asks what has changed."""
        settle()
        for path, copy in self.kept.items():
            if mark(path) != self.marks[path]:
                copy_database(copy, path)
                self.marks[path] = mark(path)

    def changes(self):
        """What the files that have changed hold now, as text; they are put back. A file that nobody knows can't be."""
        settle()
        for path in opened:
            if path not in self.kept:
                raise Refused(f"it opens the database {os.path.basename(path)}, of which there is no copy: it is new, or too large")
        changed = []
        for path, copy in self.kept.items():
            if mark(path) == self.marks[path]:
                continue
            if copy not in self.contents:
                self.contents[copy] = content(copy)
            after = content(path)
            if after != self.contents[copy]:
                changed.append([os.path.relpath(path, SCRATCH), after])
                copy_database(copy, path)
            self.marks[path] = mark(path)
        return changed
