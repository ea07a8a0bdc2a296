"""How the shop answers."""

import json


def to_json(found) -> str:
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)
