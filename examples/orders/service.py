"""The shop as a WSGI application: GET /orders?limit=50, /customers?city=Oslo, /best-sellers?count=5."""

import json
import sys
from urllib.parse import parse_qsl

import shop
from models import open_shop


class Service:
    def __init__(self, sessions):
        self.sessions = sessions

    def __call__(self, environ, start_response):
        wishes = dict(parse_qsl(environ.get("QUERY_STRING", "")))
        with self.sessions() as session:
            try:
                found = self.answer(session, environ.get("PATH_INFO", "/"), wishes)
            except ValueError as error:
                start_response("400 Bad Request", [("Content-Type", "text/plain")])
                return [str(error).encode()]
        status = "404 Not Found" if found is None else "200 OK"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(found).encode()]

    def answer(self, session, path, wishes):
        if path == "/orders":
            return shop.newest_orders(session, int(wishes.get("limit", 50)))
        if path == "/customers":
            return shop.customers_of(session, wishes.get("city", ""))
        if path == "/best-sellers":
            return shop.best_sellers(session, int(wishes.get("count", 5)))
        return None


if __name__ == "__main__":
    from wsgiref.simple_server import make_server

    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8000
    with make_server("127.0.0.1", port, Service(open_shop())) as server:
        print(f"http://127.0.0.1:{port}/orders")
        server.serve_forever()
