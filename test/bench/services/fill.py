"""Fills a shop: python fill.py ORDERS. The same each time."""

import datetime
import json
import random
import sys

from models import Customer, Item, Order, open_shop
from more import Event, Parcel

PRODUCTS = ["lamp", "chair", "desk", "shelf", "rug", "mirror", "clock", "vase"]


def fill(sessions, orders):
    dice = random.Random(7)
    with sessions() as session:
        session.add_all(Customer(name=f"Customer {n}", city=dice.choice(["Oslo", "Porto", "Graz"])) for n in range(200))
        session.flush()
        for number in range(orders):
            placed = datetime.date(2026, 1, 1) + datetime.timedelta(days=dice.randrange(300))
            order = Order(placed=placed, state=dice.choice(["placed", "sent"]), customer_id=dice.randint(1, 200))
            products = dice.sample(PRODUCTS, dice.randint(1, 5))
            order.items = [Item(product=each, count=dice.randint(1, 4), cents=dice.randrange(500, 30_000)) for each in products]
            session.add(order)
            lines = [{"product": each, "count": dice.randint(1, 4), "price": dice.randrange(500, 30_000) / 100} for each in products]
            event = {"kind": "placed", "at": placed.isoformat(), "order": number, "lines": lines, "trace": f"{dice.getrandbits(64):x}", "note": "Grüße"}
            session.add(Event(body=json.dumps(event, ensure_ascii=False)))
            wrong = dice.random() < 0.1
            session.add(Parcel(code=f"{'ab' if wrong else 'NO'}-{dice.randrange(10_000):04}-{dice.randrange(256):02x}"))
        session.commit()


if __name__ == "__main__":
    fill(open_shop(), int(sys.argv[1]))
