"""Assesses the dev texts with the model as it is served.

usage: predict.py DATA_DIR MODEL_DIR OUT_JSONL [LANG ...] [--limit N]
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from services.detector.detect import Detector
from services.detector.model import Model
from services.detector.training.data import LANGUAGES, limited, raw_rows

AT_ONCE = 64  # texts


def predicted(detector: Detector, rows: Sequence[dict]) -> Iterator[dict]:
    """What *detector* says of each of *rows*, beside what is known of it."""
    for row, found in zip(
        rows, detector.detect([r["text"] for r in rows]), strict=True
    ):
        yield {
            "id": row["id"],
            "verdict": found.verdict,
            "ai_probability": found.ai_probability,
            "log_likelihood_ratio": found.log_likelihood_ratio,
            "language": found.language,
            "abstain": found.abstain_reason,
            "chars": found.chars_scored,
            "label": row["label"],
            "lang": row["lang"],
            "source": row["source"],
            "attack": row["attack"],
            "generator": row["generator"],
        }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "model", "out"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("langs", nargs="*", default=LANGUAGES)
    arguments.add_argument("--limit", type=int, help="texts of a source and label")
    given = arguments.parse_args()
    detector = Detector(Model(given.model))
    with given.out.open("w", encoding="utf8") as out:
        for lang in given.langs:
            rows = limited(raw_rows(given.data, "dev", lang), given.limit)
            for start in range(0, len(rows), AT_ONCE):
                for found in predicted(detector, rows[start : start + AT_ONCE]):
                    out.write(json.dumps(found, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
