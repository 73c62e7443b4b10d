"""is-it-slop as a peer; run by the Python of the environment it lives in."""

import json
import sys

from is_it_slop import is_this_slop  # type: ignore[import-not-found]

UNKNOWN = 0.4  # what it gives texts of which it knows no feature


def score(text: str) -> float:
    """Probability of a machine."""
    try:
        return float(is_this_slop(text).ai_probability)
    except ValueError:
        return UNKNOWN


for line in sys.stdin:
    sys.stdout.write(json.dumps({"score": score(json.loads(line)["text"])}) + "\n")
