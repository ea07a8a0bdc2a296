"""The calls that are kept: arguments of the run, and those that were made up. A session of SQLAlchemy is kept as the way to open another one."""

import io
import pickle
import sys

from . import databases
from .request import REQUEST

CASES = REQUEST["cases"]


def read_cases():
    """Calls, noted and made up, are pairs of their arguments and the number of the state that the databases are in."""
    try:
        with open(CASES, "rb") as file:
            return pickle.load(file)
    except FileNotFoundError:
        return {"module": None, "path": None, "cases": [], "generated": [], "states": []}


def is_model(value):
    """Whether a value is a row of Django's."""
    models = sys.modules.get("django.db.models.base")
    return models is not None and isinstance(value, getattr(models, "Model", ()))


def is_live(value):
    """Whether a value is a piece of SQLAlchemy's: a session, an engine, or a row that a class is mapped to."""
    orm = databases.orm()
    if orm is None:
        return False
    return hasattr(type(value), "_sa_class_manager") or isinstance(value, (orm.Session, orm.sessionmaker, orm.scoped_session, sys.modules["sqlalchemy"].engine.Engine))


def url_of(engine):
    """Of a file, for what is in memory is not there again."""
    url = engine.url
    if url.get_backend_name() != "sqlite" or databases.path_of(url.database or "") is None:
        raise pickle.PicklingError("not a file")
    return url.render_as_string(hide_password=False)


def importable(kind):
    """A factory of sessions makes a class of its own of each, which no name leads to."""
    return next(each for each in kind.__mro__ if getattr(sys.modules.get(each.__module__), each.__name__, None) is each)


def settings_of(session):
    return {"autoflush": session.autoflush, "expire_on_commit": session.expire_on_commit}


class Pickler(pickle.Pickler):
    def __init__(self, file):
        super().__init__(file, 4)
        self.sessions = []

    def persistent_id(self, value):
        if not is_live(value):
            return None
        orm = databases.orm()
        if isinstance(value, orm.scoped_session):
            value = value()
        if isinstance(value, orm.Session):
            if not any(value is each for each in self.sessions):
                self.sessions.append(value)
            number = next(n for n, each in enumerate(self.sessions) if each is value)
            return ("session", number, importable(type(value)), url_of(value.get_bind().engine), settings_of(value))
        if isinstance(value, orm.sessionmaker):
            options = {name: each for name, each in value.kw.items() if name != "bind"}
            return ("sessionmaker", importable(value.class_), url_of(value.kw["bind"].engine), options)
        if hasattr(type(value), "_sa_class_manager"):
            state = value._sa_instance_state
            session = state.session
            if session is None:
                # It is nobody's, and pickled as it is.
                return None
            if state.modified or state.key is None:
                raise pickle.PicklingError("a row that is not written yet")
            return ("row", type(value), state.key[1], self.persistent_id(session))
        return ("engine", url_of(value))


class Unpickler(pickle.Unpickler):
    engines = {}

    def __init__(self, file):
        super().__init__(file)
        self.sessions = {}

    def engine(self, url):
        if url not in self.engines:
            self.engines[url] = sys.modules["sqlalchemy"].create_engine(url)
        return self.engines[url]

    def persistent_load(self, what):
        kind, *rest = what
        if kind == "engine":
            return self.engine(*rest)
        if kind == "sessionmaker":
            of, url, options = rest
            return databases.orm().sessionmaker(self.engine(url), class_=of, **options)
        if kind == "row":
            of, identity, session = rest
            row = self.persistent_load(session).get(of, identity)
            if row is None:
                raise LookupError("the row is not in the database")
            return row
        number, of, url, settings = rest
        if number not in self.sessions:
            self.sessions[number] = of(bind=self.engine(url), **settings)
        return self.sessions[number]


def dump_case(positional, keywords):
    file = io.BytesIO()
    Pickler(file).dump((positional, keywords))
    return file.getvalue()


def load_case(case):
    """Raises LookupError where the database doesn't have what the call was given."""
    return Unpickler(io.BytesIO(case)).load()
