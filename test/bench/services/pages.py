"""The shop's pages as one WSGI application: GET /orders, /events and /parcels, each with ?limit=N."""

import sys
from urllib.parse import parse_qsl
from wsgiref.simple_server import WSGIRequestHandler, make_server

import feed
import more
import parcels
import shop
from answer import to_json
from models import open_shop


class Pages:
    def __init__(self, sessions):
        self.sessions = sessions

    def __call__(self, environ, start_response):
        limit = int(dict(parse_qsl(environ.get("QUERY_STRING", ""))).get("limit", 50))
        with self.sessions() as session:
            found = self.page(session, environ["PATH_INFO"], limit)
        body = to_json(found).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    def page(self, session, path, limit):
        if path == "/orders":
            return shop.newest_orders(session, limit)
        if path == "/events":
            return feed.read_events(more.latest_bodies(session, limit))
        return parcels.valid_codes(more.parcel_codes(session, limit))


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


if __name__ == "__main__":
    with make_server("127.0.0.1", 0, Pages(open_shop()), handler_class=Quiet) as server:
        print(server.server_port, flush=True)
        sys.stdin.close()
        server.serve_forever()
