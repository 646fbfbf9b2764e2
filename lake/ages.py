"""Ages: lengths of time as people write them, with the same units in policies and on the command line."""

import re
from datetime import timedelta
from typing import Final

UNITS: Final = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
"""What each letter stands for."""

EXAMPLES: Final = '"90m", "12h", "30d" or "8w"'

LONGEST: Final = timedelta(days=36_500)
"""Above this no age is taken: dates that lie so far back are none that a calendar has."""

_AGE = re.compile(r"(\d+(?:\.\d+)?)\s*([mhdw])", re.ASCII)


def parse_age(text: str) -> timedelta:
    """Return the length of time that a text such as `90m`, `12h`, `30d` or `8w` names; zero is one, too.

    Raises:
        ValueError: With the reason and the remedy; also if it is longer than `LONGEST`.
    """
    found = _AGE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"expected a number and m (minutes), h, d or w, such as {EXAMPLES}")
    try:
        age = timedelta(**{UNITS[found[2]]: float(found[1])})
    except OverflowError:
        age = timedelta.max
    if age > LONGEST:
        raise ValueError(f"it is longer than {LONGEST.days}d, 100 years; give a shorter one")
    return age
