"""Assesses the dev texts with the model as it is served.

usage: predict.py DATA_DIR MODEL_DIR OUT_JSONL [LANG ...]
"""

import argparse
import json
from pathlib import Path

from services.detector.detect import Detector
from services.detector.model import Model
from services.detector.training.data import LANGUAGES, raw_rows


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "model", "out"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("langs", nargs="*", default=LANGUAGES)
    given = arguments.parse_args()
    detector = Detector(Model(given.model))
    with given.out.open("w", encoding="utf8") as out:
        for lang in given.langs:
            rows = raw_rows(given.data, "dev", lang)
            for start in range(0, len(rows), 64):
                some = rows[start : start + 64]
                for row, found in zip(
                    some, detector.detect([r["text"] for r in some]), strict=True
                ):
                    out.write(json.dumps({
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
                    }, ensure_ascii=False) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
