"""Reads the labelled texts, normalises them as serving does, and splits them.

To the public texts of DATA_DIR come our own in `texts/`, written for this purpose
by a language model: posts, texts continued from a person's first sentence, and
polish of people's texts, both kept as edits of texts in DATA_DIR (`texts/README.md`).

usage: data.py DATA_DIR OUT_PKL [--limit N]

The split is by author or source text, never by row: a person's text and its
machine rewrites stay on one side. `part` is
  fit    what the models learn from,
  tune   held out of every source (a sixth of the groups), and all texts of the
         domains in UNSEEN, which no model learns from: thresholds must hold
         on people who were never seen.
"""

import argparse
import gzip
import hashlib
import json
import pickle
import random
import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from services.detector.domain.text import normalise

LANGUAGES = ("zh", "en")
TEXTS = Path(__file__).parent / "texts"

# Whole populations kept away from the encoder, so that it can be calibrated on
# people it never saw. Chosen before any model was trained.
UNSEEN = {
    "zh": {
        "review_hotel", "review_waimai", "review_shopping_书籍",
        "zhihu_weibo_comment_region", "psychology", "nlpcc_dbqa", "paper",
    },
    "en": {
        "yelp_review_nyc", "creative_writing", "creative_par", "NewsArticle",
        "ProductReview", "LegalDocument", "OnlineContent", "AcademicResearch",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled text, normalised."""

    id: str
    text: str
    label: str  # human, ai or mixed
    lang: str
    source: str
    domain: str
    attack: str
    group: str
    part: str

    def stems_from(self, sources: Collection[str]) -> bool:
        """Whether it, or the text whose topic it took, is from one of *sources*."""
        return self.source in sources or self.group.split("/")[0] in sources


def raw_rows(data: Path, split: str, lang: str) -> list[dict]:
    """Public and own rows of `split` (train or dev) and language, not normalised."""
    public = read_lines(data / f"{split}.{lang}.jsonl.gz")
    of = {row["id"]: row for row in public}
    own = []
    if split == "train":
        posts = read_lines(TEXTS / f"posts.{lang}.jsonl")
        own += [written(row, of[row["seed"]]) for row in posts]
        rest = read_lines(TEXTS / "continued.jsonl")
        own += [continued(row, of[row["of"]]) for row in rest if row["of"] in of]
    polish = read_lines(TEXTS / f"polish.{lang}.jsonl")
    own += [polished(row, of[row["of"]]) for row in polish if row["of"] in of]
    return public + own


def written(row: dict, seed: dict) -> dict:
    """A machine's text on the topic of a person's."""
    return {
        **row,
        "domain": seed["domain"],
        # With its seed on one side of every split: they share a topic.
        "group": group_of(seed),
        "label": "ai",
        "source": f"{seed['lang']}_own_llm",
        "lang": seed["lang"],
    }


def continued(row: dict, source: dict) -> dict:
    """A person's first sentences, and what a machine made of them."""
    opening = source["text"][: row["from"]].rstrip()
    return {
        **written(row, source),
        "text": f"{opening} {row['text']}",
        "source": f"{source['lang']}_own_continued",
    }


def polished(row: dict, source: dict) -> dict:
    """A person's text as a machine polished it."""
    text, at = "", 0
    for start, end, new in row["edits"]:
        text += source["text"][at:start] + new
        at = end
    return {
        **source,
        "id": row["id"],
        "text": text + source["text"][at:],
        "label": "mixed",
        "source": "own_polish",
        "attack": row["level"],
        "group": group_of(source),
    }


def read_lines(path: Path) -> list[dict]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf8") as lines:
        return [json.loads(line) for line in lines]


def load(data: Path, split: str, lang: str, limit: int | None = None) -> list[Row]:
    """Rows of one split and language, normalised, in the files' order."""
    return [as_row(raw) for raw in limited(raw_rows(data, split, lang), limit)]


def limited(rows: list[dict], limit: int | None) -> list[dict]:
    """At most *limit* rows of each source and label, drawn by id; all without one."""
    if limit is None:
        return rows
    ranked: dict[tuple[str, str], list[dict]] = {}
    for row in rows:
        ranked.setdefault((row["source"], row["label"]), []).append(row)
    kept = {
        id(row)
        for some in ranked.values()
        for row in sorted(some, key=lambda row: fraction(row["id"]))[:limit]
    }
    return [row for row in rows if id(row) in kept]


def as_row(raw: dict) -> Row:
    group = raw.get("group") or group_of(raw)
    return Row(
        id=raw["id"],
        text=normalise(raw["text"]).text,
        label=raw["label"],
        lang=raw["lang"],
        source=raw["source"],
        domain=raw["domain"],
        attack=raw["attack"] or "",
        group=group,
        part=part_of(raw, group),
    )


def group_of(raw: dict) -> str:
    """Author or source text: the running number inside source and domain."""
    numbers = re.findall(r"\d+", re.sub(r"(ai|human|p)\d+$", "", raw["id"]))
    return f"{raw['source']}/{raw['domain']}/{numbers[-1] if numbers else raw['id']}"


def part_of(raw: dict, group: str) -> str:
    if raw["domain"] in UNSEEN[raw["lang"]] or fraction(group) < 1 / 6:
        return "tune"
    return "fit"


def fraction(key: str) -> float:
    """A number in [0, 1) that depends on *key* alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], "big") / 2**32


def crop(row: Row, low: int, high: int, seed: str) -> str:
    """A random passage of *row* between low and high characters, at word ends.

    Long texts are mostly machine-made in the public data and short ones mostly
    human; passages of every length from both take length away as a clue.
    """
    dice = random.Random(f"{row.id}/{seed}")
    size = round(low * (high / low) ** dice.random())
    if len(row.text) <= size * 1.2:
        return row.text
    starts = [0] + [m.end() for m in re.finditer(r"[.!?。!?;;] ?", row.text)]
    starts = [s for s in starts if s + size <= len(row.text)] or [0]
    start = dice.choice(starts)
    passage = row.text[start : start + size]
    if row.lang == "en" and start + size < len(row.text):
        passage = passage.rsplit(" ", 1)[0]
    return passage.strip()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "out"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("--limit", type=int, help="texts of a source and label")
    given = arguments.parse_args()
    rows = {
        (split, lang): load(given.data, split, lang, given.limit)
        for lang in LANGUAGES
        for split in ("train", "dev")
    }
    given.out.write_bytes(pickle.dumps(rows))


if __name__ == "__main__":
    # Pickled rows name this module by its import path, not as a script.
    from services.detector.training import data

    data.main()
