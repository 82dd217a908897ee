#!/usr/bin/env python3
"""Writes brightest.onnx, the network the slot's test runs: the mean brightness of each of 4 x 4 cells
of a 32 x 32 picture is that cell's score, its box the cell. Needs the package `onnx`.

    python3 brightest.py brightest.onnx
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CELL, SIDE = 8, 4
rows = [[(x + 0.5) * CELL for y in range(SIDE) for x in range(SIDE)],
        [(y + 0.5) * CELL for y in range(SIDE) for x in range(SIDE)],
        [CELL] * SIDE**2, [CELL] * SIDE**2]
constants = {
    "cells": np.array([rows], dtype=np.float32),
    "full": np.array(255.0, dtype=np.float32),
    "row": np.array([1, 1, SIDE**2], dtype=np.int64),
}
nodes = [
    helper.make_node("AveragePool", ["picture"], ["means"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
    helper.make_node("Div", ["means", "full"], ["shares"]),
    helper.make_node("Reshape", ["shares", "row"], ["scores"]),
    helper.make_node("Concat", ["cells", "scores"], ["objects"], axis=1),
]
graph = helper.make_graph(
    nodes, "brightest",
    [helper.make_tensor_value_info("picture", TensorProto.FLOAT, [1, 1, CELL * SIDE, CELL * SIDE])],
    [helper.make_tensor_value_info("objects", TensorProto.FLOAT, [1, 5, SIDE**2])],
    [numpy_helper.from_array(v, k) for k, v in constants.items()],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model)
onnx.save(model, sys.argv[1])
