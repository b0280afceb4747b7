"""ONNX Runtime's forward pass of a VGG on the CPU, a window for each line on standard input.

    python3 onnx_worker.py [--arch NAME] [--plain] [--batch N] [--width FRACTION] [--image-size N] [--threads N] [--steps N]
        [--warm-up N]

Exports torch_worker.py's net with folded batch norms, in single precision, and answers as torch_worker.py does. Needs torch,
onnx and onnxruntime.
"""
import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

import torch_worker


def model(arguments) -> onnx.ModelProto:
    """The net, layer by layer: torch.onnx would need more packages."""
    nodes, weights, name = [], [], "x"
    torch.manual_seed(1)

    def tensor(value: torch.Tensor) -> str:
        weights.append(numpy_helper.from_array(value.detach().numpy(), f"w{len(weights)}"))
        return weights[-1].name

    def node(kind: str, inputs: list, **attributes) -> None:
        nonlocal name
        name = f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, inputs, [name], **attributes))

    for layer in torch_worker.folded(torch_worker.vgg(arguments)):
        if isinstance(layer, nn.Conv2d):
            node("Conv", [name, tensor(layer.weight), tensor(layer.bias)], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        elif isinstance(layer, nn.ReLU):
            node("Relu", [name])
        elif isinstance(layer, nn.MaxPool2d):
            node("MaxPool", [name], kernel_shape=[2, 2], strides=[2, 2])
        elif isinstance(layer, nn.Flatten):
            node("Flatten", [name])
        elif isinstance(layer, nn.Linear):
            node("Gemm", [name, tensor(layer.weight), tensor(layer.bias)], transB=1)
    shape = [arguments.batch, 1, arguments.image_size, arguments.image_size]
    graph = helper.make_graph(nodes, "vgg", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
                              [helper.make_tensor_value_info(name, TensorProto.FLOAT, [arguments.batch, 10])], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--arch", default="vgg16", choices=torch_worker.ARCHITECTURES)
    parser.add_argument("--plain", action="store_true", help="without batch norm")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--width", default="1")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, default=10, help="in a window")
    parser.add_argument("--warm-up", type=int, default=3)
    arguments = parser.parse_args()
    arguments.check = None
    options = onnxruntime.SessionOptions()
    if arguments.threads:
        options.intra_op_num_threads = arguments.threads
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "vgg.onnx"))
        onnx.save(model(arguments), path)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    x = {"x": numpy.random.default_rng(1).random((arguments.batch, 1, arguments.image_size, arguments.image_size), "float32")}
    for _ in range(arguments.warm_up):
        session.run(None, x)
    print("ready", flush=True)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(arguments.steps):
            session.run(None, x)
        print(f"{arguments.batch * arguments.steps / (time.perf_counter() - start):.4f}", flush=True)
    print(json.dumps({"onnxruntime": onnxruntime.__version__}), flush=True)


if __name__ == "__main__":
    main()
