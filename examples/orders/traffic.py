"""Asks the service what its users ask, so many requests each second: python traffic.py [SECONDS] [REQUESTS A SECOND]."""

import datetime
import random
import sys
import time

from models import Customer, Item, Order, open_shop
from service import Service

CITIES = ["Oslo", "Porto", "Graz", "Gent", "Turku"]
PRODUCTS = ["lamp", "chair", "desk", "shelf", "rug", "mirror", "clock", "vase"]


def fill(sessions):
    """The same shop each time: 200 customers with 1,000 orders."""
    dice = random.Random(7)
    with sessions() as session:
        if session.get(Customer, 1) is not None:
            return
        session.add_all(Customer(name=f"{dice.choice('ABCDEFGH')}. Customer {n}", city=dice.choice(CITIES)) for n in range(200))
        session.flush()
        for _ in range(1000):
            placed = datetime.date(2026, 1, 1) + datetime.timedelta(days=dice.randrange(300))
            order = Order(placed=placed, state=dice.choice(["placed", "sent"]), customer_id=dice.randint(1, 200))
            products = dice.sample(PRODUCTS, dice.randint(1, 5))
            order.items = [Item(product=each, count=dice.randint(1, 4), cents=dice.randrange(500, 30_000)) for each in products]
            session.add(order)
        session.commit()


def main(seconds=60.0, each_second=25.0):
    sessions = open_shop()
    fill(sessions)
    service = Service(sessions)
    dice = random.Random()
    ends = time.monotonic() + seconds
    asked, late = 0, time.monotonic()
    while time.monotonic() < ends:
        page = dice.choices(["/orders", "/customers", "/best-sellers"], [4, 3, 1])[0]
        wish = {"/orders": f"limit={dice.choice([20, 50, 80])}", "/customers": f"city={dice.choice(CITIES)}", "/best-sellers": "count=5"}[page]
        begin = time.process_time()
        service({"PATH_INFO": page, "QUERY_STRING": wish}, lambda *_: None)
        asked += 1
        if asked % 100 == 0:
            print(f"{asked} requests, the last one {1000 * (time.process_time() - begin):.1f} ms of CPU time", flush=True)
        late += 1 / each_second
        time.sleep(max(0.0, late - time.monotonic()))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
