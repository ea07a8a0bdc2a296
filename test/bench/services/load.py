"""Asks the pages for so many seconds: python load.py SECONDS."""

import random
import sys
import time

from models import open_shop
from pages import Pages

if __name__ == "__main__":
    pages = Pages(open_shop())
    dice = random.Random(3)
    ends = time.monotonic() + float(sys.argv[1])
    while time.monotonic() < ends:
        path = dice.choices(["/orders", "/events", "/parcels"], [1, 20, 100])[0]
        pages({"PATH_INFO": path, "QUERY_STRING": f"limit={dice.choice([10, 50, 100])}"}, lambda *_: None)
