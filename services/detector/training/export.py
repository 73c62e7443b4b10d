"""Writes the files that ship: ONNX graphs and the card with their digest.

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
from transformers import BertConfig, BertModel

from services.detector.model import CARD, digest_of
from services.detector.training.encoder import Encoder

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


def export_encoder(run: Path, out: Path) -> None:
    """Write encoder.onnx, its weights 8-bit per channel, and its tokenizer."""
    spec = json.loads((run / "config.json").read_text())
    config = BertConfig(**spec, attn_implementation="eager")
    model = Encoder(BertModel(config, add_pooling_layer=False))
    model.load_state_dict(torch.load(run / "encoder.pt"))
    model.eval()
    example = (torch.tensor([[0, 5, 6, 2]]), torch.ones(1, 4, dtype=torch.long))
    axes = {"ids": {0: "texts", 1: "tokens"}, "mask": {0: "texts", 1: "tokens"}}
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "encoder.onnx"
        torch.onnx.export(
            model,
            example,
            str(whole),
            input_names=["ids", "mask"],
            output_names=["logits"],
            dynamic_axes=axes | {"logits": {0: "texts"}},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(
            whole,
            out / "encoder.onnx",
            per_channel=True,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gemm", "Gather"],
        )
    shutil.copy(run / "tokenizer.json", out / "tokenizer.json")


def write_card(card: dict, directory: Path) -> str:
    """Write *card* with the names of the files beside it and the digest of all."""
    card["files"] = sorted(
        p.name
        for p in directory.iterdir()
        if p.suffix in (".onnx", ".json") and p.name != CARD
    )
    card["digest"] = digest_of(directory, card)
    (directory / CARD).write_text(json.dumps(card, ensure_ascii=False, indent=1) + "\n")
    return card["digest"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    for name in ("run", "out"):
        arguments.add_argument(name, type=Path)
    given = arguments.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    export_encoder(given.run, given.out)


if __name__ == "__main__":
    main()
