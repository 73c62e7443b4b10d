"""Writes the graphs that ship, in ONNX.

usage: export.py ENCODER_RUN_DIR OUT_DIR   (the encoder alone, for scoring)
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import nn
from transformers import BertConfig, BertModel

from services.detector.model import ENCODER, TOKENIZER
from services.detector.training.encoder import (
    EARLY_LAYERS,
    WEIGHTS_FILE,
    WITHOUT,
    Encoder,
)

OPSET = 18


def export_ngrams(weights: np.ndarray, bias: float, path: Path) -> None:
    """Gather the weights of a text's n-grams and add them up, half precision."""
    kept = numpy_helper.from_array(weights.astype(np.float16), "weights")
    constant = numpy_helper.from_array(np.array([bias], dtype=np.float32), "bias")
    nodes = [
        helper.make_node("Gather", ["weights", "buckets"], ["half"], axis=0),
        helper.make_node("Cast", ["half"], ["whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["whole", "values"], ["parts"]),
        helper.make_node(
            "ConstantOfShape", ["texts"], ["zeros"],
            value=numpy_helper.from_array(np.zeros(1, dtype=np.float32)),
        ),
        helper.make_node(
            "ScatterElements", ["zeros", "rows", "parts"], ["sums"],
            axis=0, reduction="add",
        ),
        helper.make_node("Add", ["sums", "bias"], ["scores"]),
    ]  # fmt: skip
    inputs = [
        helper.make_tensor_value_info("buckets", TensorProto.INT64, ["entries"]),
        helper.make_tensor_value_info("values", TensorProto.FLOAT, ["entries"]),
        helper.make_tensor_value_info("rows", TensorProto.INT64, ["entries"]),
        helper.make_tensor_value_info("texts", TensorProto.INT64, [1]),
    ]
    outputs = [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["count"])]
    graph = helper.make_graph(nodes, "ngrams", inputs, outputs, [kept, constant])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


class First(nn.Module):
    """The encoder's first layers, for one text: an early opinion and the states."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        base = self.encoder.base
        states = base.embeddings(input_ids=ids)
        for layer in base.encoder.layer[:EARLY_LAYERS]:
            states = output_of(layer(states))
        return self.encoder.early(states.mean(1)), states


class Rest(nn.Module):
    """The layers after those, and the final opinion."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        for layer in self.encoder.base.encoder.layer[EARLY_LAYERS:]:
            states = output_of(layer(states))
        return self.encoder.head(states.mean(1))


def output_of(states: torch.Tensor | tuple) -> torch.Tensor:
    """What a layer returns, in whichever way its release does."""
    return states if torch.is_tensor(states) else states[0]


def export_encoder(run: Path, out: Path) -> None:
    """Write the encoder's two graphs, weights 8-bit per channel, and its tokenizer."""
    spec = json.loads((run / "config.json").read_text())
    config = BertConfig(**spec, attn_implementation="eager")
    model = Encoder(BertModel(config, add_pooling_layer=False))
    model.load_state_dict(torch.load(run / WEIGHTS_FILE))
    model.eval()
    ids = torch.tensor([[0, 5, 6, 2]])
    first, rest = First(model), Rest(model)
    with torch.no_grad():
        _, states = first(ids)
    pieces = {1: "pieces"}
    parts = (
        (first, ids, ["ids"], ["logits", "states"], {"ids": pieces, "states": pieces}),
        (rest, states, ["states"], ["logits"], {"states": pieces}),
    )
    for name, (part, example, inputs, outputs, axes) in zip(
        ENCODER, parts, strict=True
    ):
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / name
            torch.onnx.export(
                part, (example,), str(whole), input_names=inputs, output_names=outputs,
                dynamic_axes=axes, opset_version=17, dynamo=False,
            )  # fmt: skip
            quantize_dynamic(
                whole,
                out / name,
                per_channel=True,
                # Seven bits: with eight, processors without VNNI saturate and
                # score otherwise than those with it.
                reduce_range=True,
                weight_type=QuantType.QInt8,
                op_types_to_quantize=["MatMul", "Gemm", "Gather"],
            )
    for name in (TOKENIZER, WITHOUT):
        shutil.copy(run / name, out / name)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("run", "out"):
        arguments.add_argument(name, type=Path)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    export_encoder(given.run, given.out)


if __name__ == "__main__":
    main()
