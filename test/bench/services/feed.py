"""The shop's log of events, as its page shows it."""

import json


def read_events(bodies: list[str]) -> list[dict]:
    """What happened, without what only the shop itself has a use for."""
    shown = []
    for body in bodies:
        event = json.loads(body)
        event.pop("trace", None)
        shown.append(event)
    return shown
