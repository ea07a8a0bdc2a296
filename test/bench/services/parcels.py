"""The codes on the shop's parcels."""

import re


def valid_codes(codes: list[str]) -> list[str]:
    """Those that the carrier takes."""
    valid = []
    for code in codes:
        if re.fullmatch(r"[A-Z]{2}-\d{4}(-[0-9a-f]{2})?", code):
            valid.append(code)
    return valid
