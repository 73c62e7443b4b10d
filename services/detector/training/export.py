"""Writes the files that ship: ONNX graphs and the card with their digest."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from services.detector.model import CARD, digest_of

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
        helper.make_node("ScatterElements", ["zeros", "rows", "parts"], ["sums"], axis=0, reduction="add"),
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
