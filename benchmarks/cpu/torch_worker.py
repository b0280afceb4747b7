"""PyTorch's training step or forward pass of a VGG on the CPU, a window for each line on standard input.

    python3 torch_worker.py [--inference] [--compile] [--arch NAME] [--plain] [--batch N] [--width FRACTION] [--image-size N]
        [--precision fp32|bf16|pure-bf16] [--memory contiguous|channels_last] [--threads N] [--steps N] [--warm-up N]
        [--check FILE]

Prints "ready", then for each line of input the images/s of a window of steps, and at the end of the input a line of JSON:
the same conversation as `./vgg benchmark --on-request --json`; see ../gpu/alternate.py. A training step is forward, cross
entropy, backward and a fused Adam; random images stay in memory. bf16 is autocast; pure-bf16, for inference, keeps weights and
activations in bf16. For inference the batch norms are folded into the convolutions.

With --check FILE.safetensors, from FirstStep.java, it computes the loss and the gradients of that file's net and batch in double
instead, and prints how far the file's are from them, and its own in the precision of the case.
"""
import argparse
import json
import struct
import sys
import time
from fractions import Fraction

import torch
from torch import nn

ARCHITECTURES = {
    "vgg11": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "vgg16": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
}


def vgg(arguments) -> nn.Module:
    width = Fraction(arguments.width)
    layers, channels, side = [], 1, arguments.image_size
    for item in ARCHITECTURES[arguments.arch]:
        if item == "M":
            layers.append(nn.MaxPool2d(2, 2))
            side //= 2
            continue
        out = int(item * width)
        layers.append(nn.Conv2d(channels, out, 3, padding=1, bias=arguments.plain))
        layers += ([] if arguments.plain else [nn.BatchNorm2d(out)]) + [nn.ReLU(inplace=True)]
        channels = out
    hidden, dropout = int(4096 * width), 0.0 if arguments.check else 0.5
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, hidden), nn.ReLU(True), nn.Dropout(dropout),
                         nn.Linear(hidden, hidden), nn.ReLU(True), nn.Dropout(dropout), nn.Linear(hidden, 10))


def folded(net: nn.Module) -> nn.Module:
    """The net without batch norms, for inference."""
    from torch.nn.utils.fusion import fuse_conv_bn_eval
    layers = list(net.eval())
    for i in range(len(layers) - 1, 0, -1):
        if isinstance(layers[i], nn.BatchNorm2d):
            layers[i - 1] = fuse_conv_bn_eval(layers[i - 1], layers.pop(i))
    return nn.Sequential(*layers).eval()


class Work:
    """A net and what is repeated on it."""

    def __init__(self, arguments):
        torch.manual_seed(1)
        self.batch, self.steps = arguments.batch, arguments.steps
        memory = torch.channels_last if arguments.memory == "channels_last" else torch.contiguous_format
        net = vgg(arguments)
        pure = arguments.precision == "pure-bf16"
        if arguments.inference:
            net = folded(net)
        net = net.to(memory_format=memory)
        x = torch.rand(arguments.batch, 1, arguments.image_size, arguments.image_size).to(memory_format=memory)
        if pure:
            net, x = net.bfloat16(), x.bfloat16()
        y = torch.randint(10, (arguments.batch,))
        loss = nn.CrossEntropyLoss()

        def forward():
            with torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bf16"):
                return net(x) if arguments.inference else loss(net(x), y)

        run = torch.compile(forward) if arguments.compile else forward
        if arguments.inference:
            def step():
                with torch.inference_mode():
                    run()
        else:
            optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)

            def step():
                optimizer.zero_grad(set_to_none=True)
                run().backward()
                optimizer.step()
        self.step = step
        for _ in range(arguments.warm_up):
            step()

    def serve(self) -> None:
        print("ready", flush=True)
        for _ in sys.stdin:
            start = time.perf_counter()
            for _ in range(self.steps):
                self.step()
            print(f"{self.batch * self.steps / (time.perf_counter() - start):.4f}", flush=True)
        print(json.dumps({"torch": torch.__version__}), flush=True)


def read(path: str) -> dict:
    """The tensors of a safetensors file of F32 and I64."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = bytearray(file.read())
    types = {"F32": torch.float32, "I64": torch.int64}
    return {name: torch.frombuffer(data, dtype=types[entry["dtype"]], count=(entry["data_offsets"][1] - entry["data_offsets"][0])
                                   // types[entry["dtype"]].itemsize, offset=entry["data_offsets"][0]).reshape(entry["shape"])
            for name, entry in header.items() if name != "__metadata__"}


def check(arguments) -> None:
    """Parameters have the same order in both; a bias before a batch norm does not exist in either."""
    tensors, net = read(arguments.check), vgg(arguments)

    def place(name: str) -> tuple:
        _, group, number, kind = name.split(".")
        return group == "classifier", int(number), kind == "bias"

    ours = {name: tensors[name] for name in sorted((n for n in tensors if n.startswith("grad.")), key=place)}
    named = list(net.named_parameters())
    if len(named) != len(ours):
        raise SystemExit(f"{len(named)} parameters here and {len(ours)} there")
    with torch.no_grad():
        for (_, parameter), name in zip(named, ours):
            parameter.copy_(tensors[name.removeprefix("grad.")])
    x, labels = tensors["x"], tensors["labels"]

    def gradients(of: nn.Module, images: torch.Tensor) -> tuple:
        of.zero_grad(set_to_none=True)
        loss = nn.functional.cross_entropy(of(images), labels)
        loss.backward()
        return float(loss.detach()), [parameter.grad.detach().double().clone() for parameter in of.parameters()]

    with torch.autocast("cpu", torch.bfloat16, enabled=arguments.precision == "bf16"):
        _, theirs = gradients(net, x)
    loss, right = gradients(net.double(), x.double())
    mine = [tensor.double() for tensor in ours.values()]

    def error(some: list) -> float:
        return float((torch.cat([a.flatten() for a in some]) - torch.cat([b.flatten() for b in right])).norm()
                     / torch.cat([b.flatten() for b in right]).norm())

    print(json.dumps({"loss": loss, "loss_error": abs(loss - float(tensors["loss"])) / loss, "gradient_error": error(mine),
                      "torch_gradient_error": error(theirs)}))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--inference", action="store_true")
    parser.add_argument("--compile", action="store_true", help="torch.compile instead of eager execution")
    parser.add_argument("--arch", default="vgg16", choices=ARCHITECTURES)
    parser.add_argument("--plain", action="store_true", help="without batch norm")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--width", default="1")
    parser.add_argument("--image-size", type=int, default=224)
    parser.add_argument("--precision", default="fp32", choices=["fp32", "bf16", "pure-bf16"])
    parser.add_argument("--memory", default="contiguous", choices=["contiguous", "channels_last"])
    parser.add_argument("--threads", type=int)
    parser.add_argument("--steps", type=int, default=10, help="in a window")
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--check", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    if arguments.check:
        check(arguments)
    else:
        Work(arguments).serve()


if __name__ == "__main__":
    main()
