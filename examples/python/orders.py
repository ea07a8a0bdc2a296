"""Turns a log of orders into one report a customer, again and again.

    python3 orders.py [SIZE] [--seconds N]

SIZE is the number of orders a round (default 2000). With --seconds it stops after that time, else it runs until it is
stopped. It prints its own account once a second: the share of CPU time that each of its parts used.
"""

import argparse
import inspect
import json
import random
import re
import time
from collections import defaultdict
from dataclasses import dataclass, field

from jinja2 import Environment

from account import Account

REPORT = Environment(autoescape=True, trim_blocks=True).from_string(
    """<h1>{{ customer.name }}</h1>
{% for order in customer.orders %}
  <p class="{{ 'late' if order.days > 14 else 'fine' }}">{{ order.number }}: {{ '%.2f' | format(order.amount) }}
  {% for tag in order.tags %}<b>{{ tag | upper }}</b>{% endfor %}</p>
{% endfor %}
<footer>{{ customer.orders | length }} orders, {{ customer.orders | sum(attribute='amount') | round(2) }} in all</footer>"""
)

CITIES = ["Aachen", "Bergen", "Cork", "Delft", "Evora", "Ferrara", "Ghent"]
TAGS = ["gift", "express", "fragile", "bulk", "return"]


@dataclass
class Order:
    number: str
    customer: str
    amount: float
    days: int
    city: str
    tags: list[str]


@dataclass
class Customer:
    name: str
    orders: list[Order] = field(default_factory=list)
    score: float = 0.0


def write_log(size: int, seed: int) -> list[str]:
    """Makes the lines of an order log, some of them damaged as logs are."""
    chance = random.Random(seed)
    lines = []
    for number in range(size):
        order = {
            "number": f"A-{number:06d}",
            "customer": f"customer {chance.randrange(size // 10 + 1)}",
            "amount": round(chance.expovariate(1 / 80), 2),
            "days": chance.randrange(30),
            "address": f"{chance.randrange(1, 200)} {chance.choice('ABCDEF')}-Street, {chance.randrange(10000, 99999)} {chance.choice(CITIES)}",
            "tags": chance.sample(TAGS, chance.randrange(3)),
        }
        text = json.dumps(order)
        lines.append(text[: len(text) // 2] if chance.random() < 0.01 else text)
    return lines


def parse(lines: list[str]) -> tuple[list[dict], int]:
    """Reads the lines; a damaged one is counted and left out."""
    records, damaged = [], 0
    for line in lines:
        try:
            records.append(json.loads(line))
        except json.JSONDecodeError:
            damaged += 1
    return records, damaged


def city_of(address: str) -> str:
    """Finds the city in an address of the form `12 A-Street, 12345 City`."""
    match = re.match(r"^\s*\d+\s+[A-Z][\w-]*,\s*(\d{5})\s+(?P<city>[A-Z]\w+)\s*$", address)
    if match is None:
        return "unknown"
    return match.group("city")


def validate(records: list[dict]) -> list[Order]:
    """Checks each record against the patterns of its fields."""
    orders = []
    for record in records:
        if not re.fullmatch(r"[A-Z]-\d{6}", record["number"]):
            continue
        city = city_of(record["address"])
        if all(re.fullmatch(r"[a-z]{2,12}", tag) for tag in record["tags"]):
            orders.append(Order(record["number"], record["customer"], record["amount"], record["days"], city, record["tags"]))
    return orders


def similarity(left: str, right: str) -> int:
    """The edit distance of two short texts (Wagner and Fischer, 1974)."""
    previous = list(range(len(right) + 1))
    for row, a in enumerate(left, start=1):
        current = [row]
        for column, b in enumerate(right, start=1):
            cost = 0 if a == b else 1
            current.append(min(previous[column] + 1, current[column - 1] + 1, previous[column - 1] + cost))
        previous = current
    return previous[-1]


def score(customers: list[Customer]) -> None:
    """Rates how much a customer's orders wander between places."""
    for customer in customers:
        ordered = sorted(customer.orders, key=lambda order: order.days)
        for earlier, later in zip(ordered, ordered[1:]):
            customer.score += similarity(earlier.city, later.city) / (1 + later.days - earlier.days)


def group(orders: list[Order]) -> list[Customer]:
    """Gathers the orders of each customer."""
    customers: dict[str, Customer] = {}
    by_city: dict[str, float] = defaultdict(float)
    for order in orders:
        by_city[order.city] += order.amount
        customers.setdefault(order.customer, Customer(order.customer)).orders.append(order)
    return sorted(customers.values(), key=lambda customer: customer.name)


def render(customers: list[Customer]) -> int:
    """Writes the reports and returns their length in characters."""
    return sum(len(REPORT.render(customer=customer)) for customer in customers)


def place(function) -> dict:
    """Where this program calls `function`: the line in run() that carries its name."""
    lines, first = inspect.getsourcelines(run)
    offset = next(index for index, text in enumerate(lines) if f"{function.__name__}(" in text and "with" not in text)
    return {"file": "orders.py", "function": function.__name__, "line": first + offset}


def run(size: int, seconds: float) -> None:
    account = Account()
    places = {function: place(function) for function in (write_log, parse, validate, group, score, render)}
    end = time.monotonic() + seconds if seconds > 0 else float("inf")
    seed = 0
    while time.monotonic() < end:
        seed += 1
        with account.part("write the log", places[write_log]):
            lines = write_log(size, seed)
        with account.part("parse", places[parse]):
            records, _ = parse(lines)
        with account.part("validate", places[validate]):
            orders = validate(records)
        with account.part("group", places[group]):
            customers = group(orders)
        with account.part("score", places[score]):
            score(customers)
        with account.part("render", places[render]):
            render(customers)
        account.print()
    account.print(force=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Turns a log of orders into reports and accounts for its own time.")
    parser.add_argument("size", nargs="?", type=int, default=2000, help="orders a round (default 2000)")
    parser.add_argument("--seconds", type=float, default=0, help="stop after this time (default: run until stopped)")
    arguments = parser.parse_args()
    if arguments.size < 1:
        parser.error("SIZE must be at least 1")
    run(arguments.size, arguments.seconds)


if __name__ == "__main__":
    main()
