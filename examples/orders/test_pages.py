import datetime
import json

import pytest

import shop
from models import Customer, Item, Order, open_shop
from service import Service


@pytest.fixture
def sessions():
    made = open_shop("sqlite://")
    with made() as session:
        ann = Customer(name="Ann", city="Oslo")
        bob = Customer(name="Bob", city="Graz")
        session.add_all([ann, bob])
        for day, state, customer, items in [
            (3, "placed", ann, [("lamp", 2, 500)]),
            (9, "placed", bob, [("desk", 1, 9000), ("lamp", 1, 500)]),
            (5, "sent", ann, [("rug", 3, 700)]),
            (7, "placed", ann, []),
        ]:
            order = Order(placed=datetime.date(2026, 1, day), state=state, customer=customer)
            order.items = [Item(product=product, count=count, cents=cents) for product, count, cents in items]
            session.add(order)
        session.commit()
    return made


def test_the_newest_orders_come_first_with_what_they_cost(sessions):
    with sessions() as session:
        assert [(each["placed"], each["cents"]) for each in shop.newest_orders(session, 10)] == [
            ("2026-01-09", 9500),
            ("2026-01-07", 0),
            ("2026-01-03", 1000),
        ]


def test_no_more_than_asked_for(sessions):
    with sessions() as session:
        assert len(shop.newest_orders(session, 2)) == 2


def test_customers_of_a_city(sessions):
    with sessions() as session:
        assert shop.customers_of(session, "Oslo") == ["Ann"]


def test_best_sellers(sessions):
    with sessions() as session:
        assert shop.best_sellers(session, 2) == [("lamp", 3), ("rug", 3)]


def test_pages(sessions):
    told = []
    (body,) = Service(sessions)({"PATH_INFO": "/orders", "QUERY_STRING": "limit=1"}, lambda status, _: told.append(status))
    assert told == ["200 OK"]
    assert len(json.loads(body)) == 1
    Service(sessions)({"PATH_INFO": "/nowhere"}, lambda status, _: told.append(status))
    Service(sessions)({"PATH_INFO": "/orders", "QUERY_STRING": "limit=x"}, lambda status, _: told.append(status))
    assert told[1:] == ["404 Not Found", "400 Bad Request"]
