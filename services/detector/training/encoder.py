"""Fine-tunes the bilingual encoder to tell people, machines and both apart.

usage: encoder.py ROWS BASE_DIR OUT_DIR [--samples N] [--rate R]
                  [--start RUN_DIR --passes N] [--without SOURCE ...]

Embeddings stay frozen: with this little data they would only learn topics.
A checkpoint is written every few hundred steps, so stopping early still
leaves a model. `--start` goes on from an earlier run, with passages of its own.
`--without` drops the passages of some sources, and of our own texts on topics
of theirs, from those drawn: what is left is what a run that knows them sees, too.
"""
# ruff: noqa: E501 - tables and drawings read best with an entry a line

import argparse
import json
import math
import pickle
import random
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import nn
from transformers import BertModel

from services.detector.model import MAX_TOKENS
from services.detector.training.data import Row, crop

LABELS = ("human", "mixed", "ai")
WEIGHTS_FILE = "encoder.pt"
WITHOUT = "without.json"  # the sources that a run did not meet
PAD = 1
BATCH = 32
SEED = 7
PEAK_RATE = 1.5e-4
PASSAGE = {"zh": (20, 230), "en": (60, 560)}
EARLY_LAYERS = 3  # after these a first opinion is read, see `Encoder`
EARLY_LOSS = 0.3
# Dropout of attention, drawn by one thread, would cost a third of the time.
ATTENTION = {"attn_implementation": "eager", "attention_probs_dropout_prob": 0.0}

# How often a row is seen in one pass. The only texts of the target genre and
# year count most; the largest sources are thinned so that none dominates, and
# public Chinese ones most, which n-grams tell as well.
WEIGHTS = {
    ("zh_fresh_llm", "ai"): 3.0, ("zh_fresh_llm", "human"): 3.0, ("zh_fresh_llm", "mixed"): 4.0,
    ("en_fresh_llm", "ai"): 3.0, ("en_fresh_llm", "human"): 3.0, ("en_fresh_llm", "mixed"): 4.0,
    ("zh_own_llm", "ai"): 1.25, ("en_own_llm", "ai"): 1.25, ("own_polish", "mixed"): 4.0,
    ("en_own_continued", "ai"): 2.0,
    ("cred", "ai"): 0.5, ("cred_film_review_lenmatched", "human"): 0.5,
    ("hc3_zh", "ai"): 0.75, ("hc3_zh", "human"): 0.5,
    ("human_cold_comments", "human"): 0.75, ("human_reviews_sophon", "human"): 0.75,
    ("human_smp2020_weibo", "human"): 0.75,
    ("imbd", "human"): 2.0, ("outfox", "human"): 2.0, ("raidar", "human"): 2.0,
    ("grid_reddit", "ai"): 1.5,
    ("l2r", "ai"): 0.6, ("authormimic_tweets", "ai"): 0.8,
}  # fmt: skip


class Encoder(nn.Module):
    """A small BERT, mean-pooled, with one linear layer for the three labels.

    A second such layer reads the states after `EARLY_LAYERS` layers: most texts
    of people are clear by then and need not pay for the other layers.
    """

    def __init__(self, base: BertModel) -> None:
        super().__init__()
        self.base = base
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(base.config.hidden_size, len(LABELS))
        self.early = nn.Linear(base.config.hidden_size, len(LABELS))

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits of the labels after all layers, and after the early ones."""
        found = self.base(ids, attention_mask=mask, output_hidden_states=True)
        last = self.dropout(pooled(found.last_hidden_state, mask))
        early = self.dropout(pooled(found.hidden_states[EARLY_LAYERS], mask))
        return self.head(last), self.early(early)


def pooled(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Mean of the states of a text's own pieces."""
    weight = mask.unsqueeze(-1).to(states.dtype)
    return (states * weight).sum(1) / weight.sum(1).clamp(min=1.0)


def passes(rows: list[Row], samples: int, turn: int = 0) -> list[tuple[str, int, Row]]:
    """Passages, labels and their rows in learning order, balanced by source.

    *turn* is the number of passes that were drawn before; each cuts anew.
    """
    dice = random.Random(SEED + turn)
    drawn: list[tuple[str, int, Row]] = []
    while len(drawn) < samples:
        turn += 1
        one_pass = []
        for row in rows:
            weight = WEIGHTS.get((row.source, row.label), 1.0)
            times = int(weight) + (dice.random() < weight % 1)
            one_pass += [
                (
                    roughen(crop(row, *PASSAGE[row.lang], f"{turn}/{k}"), dice),
                    LABELS.index(row.label),
                    row,
                )
                for k in range(times)
            ]
        dice.shuffle(one_pass)
        drawn += one_pass
        print(f"pass {turn}: {len(one_pass)} passages")
    return drawn[:samples]


def roughen(text: str, dice: random.Random) -> str:
    """Sometimes type carelessly, whoever wrote it: carelessness is cheap to fake."""
    chance = dice.random()
    if chance < 0.06:
        return "".join(c for c in text if c.isalnum() or c == " ")
    if chance < 0.12:
        return "".join(c for c in text if dice.random() > 0.02)
    return text


def batches(coded: list[list[int]], order: list[int]) -> list[list[int]]:
    """Batches of like length from windows of the learning order."""
    window = BATCH * 64
    made = []
    for start in range(0, len(order), window):
        some = sorted(order[start : start + window], key=lambda i: len(coded[i]))
        groups = [some[k : k + BATCH] for k in range(0, len(some), BATCH)]
        random.Random(start).shuffle(groups)
        made += groups
    return made


def padded(coded: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, coded))
    ids = torch.tensor([c + [PAD] * (width - len(c)) for c in coded])
    return ids, (ids != PAD).long()


def rate(step: int, steps: int) -> float:
    warm = min(200, steps // 10)
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * (step - warm) / (steps - warm)))


def train(rows: list[Row], given: argparse.Namespace) -> None:
    base, out = given.base, given.out
    torch.manual_seed(SEED)
    tokenizer = Tokenizer.from_file(str(base / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    drawn = [
        passage
        for passage in passes(rows, given.samples, given.passes)
        if not passage[2].stems_from(given.without)
    ]
    coded = [c.ids for c in tokenizer.encode_batch([text for text, *_ in drawn])]
    labels = torch.tensor([label for _, label, _ in drawn])
    plan = batches(coded, list(range(len(drawn))))
    base_model = BertModel.from_pretrained(base, add_pooling_layer=False, **ATTENTION)
    model = Encoder(base_model)
    if given.start:
        model.load_state_dict(torch.load(given.start / WEIGHTS_FILE))
    model.base.embeddings.requires_grad_(False)
    learning = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=given.rate, weight_decay=0.01)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.03)
    model.train()
    start, smooth = time.time(), 1.0
    for step, batch in enumerate(plan):
        for group in optimiser.param_groups:
            group["lr"] = given.rate * rate(step, len(plan))
        ids, mask = padded([coded[i] for i in batch])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=given.bf16):
            last, early = model(ids, mask)
            loss = loss_of(last.float(), labels[batch])
            # The early opinion follows the last one as much as the labels: where
            # the two agree, reading on can be spared.
            follows = nn.functional.cross_entropy(
                early.float(), last.detach().float().softmax(-1)
            )
            labelled = loss_of(early.float(), labels[batch])
            loss = loss + EARLY_LOSS * (labelled + follows)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learning, 1.0)
        optimiser.step()
        smooth = 0.98 * smooth + 0.02 * loss.item()
        if step % 50 == 0:
            pace = (step + 1) * BATCH / (time.time() - start)
            print(
                f"step {step}/{len(plan)} loss {smooth:.3f} {pace:.1f} passages/s",
                flush=True,
            )
        if step % 250 == 249 or step == len(plan) - 1:
            save(model, base, out)
    (out / WITHOUT).write_text(json.dumps(list(given.without)))


def save(model: Encoder, base: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    torch.save(model.state_dict(), out / "encoder.tmp")
    (out / "encoder.tmp").rename(out / WEIGHTS_FILE)
    (out / "tokenizer.json").write_text((base / "tokenizer.json").read_text())
    (out / "config.json").write_text(json.dumps(model.base.config.to_dict()))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("rows", "base", "out"):
        arguments.add_argument(name, type=Path)
    arguments.add_argument("--samples", type=int, default=64_000)
    arguments.add_argument("--rate", type=float, default=PEAK_RATE, help="at its peak")
    arguments.add_argument("--start", type=Path, metavar="RUN_DIR")
    arguments.add_argument(
        "--passes", type=int, default=0, help="how many that run saw: cut others"
    )
    arguments.add_argument("--without", nargs="*", default=(), metavar="SOURCE")
    arguments.add_argument(
        "--bf16", action="store_true", help="faster where the processor has it"
    )
    given = arguments.parse_args()
    rows = pickle.loads(given.rows.read_bytes())
    fit = [
        r
        for lang in ("zh", "en")
        for r in rows["train", lang]
        if r.part == "fit" and r.text
    ]
    train(fit, given)


if __name__ == "__main__":
    main()
