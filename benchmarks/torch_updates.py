"""Writes what PyTorch computes for clipped gradients, averaged weights, a learning rate of the last layer and frozen
layers, beside the fixtures of TorchFixtures: FOLDER/updates.safetensors, from the net of FOLDER/batchnorm.safetensors.

    python3 torch_updates.py ../src/test/resources/fixtures

Everything is in double. A run makes five steps; the file has the loss before each (NAME.loss), and after the last the
state (NAME.features.0.weight) and, where weights are averaged, that of the average (NAME.average.features.0.weight).
"""
import json
import struct
import sys

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

STEPS = 5
RATE = 0.01


def read(path):
    types = {"F64": torch.float64, "I64": torch.int64, "I32": torch.int32}
    with open(path, "rb") as file:
        data = file.read()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, spec in header.items():
        first, end = (8 + length + offset for offset in spec["data_offsets"])
        values = torch.frombuffer(bytearray(data[first:end]), dtype=types[spec["dtype"]])
        tensors[name] = values.reshape(spec["shape"])
    return metadata, tensors


def write(path, metadata, tensors):
    header, parts, at = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        part = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": "F64", "shape": list(tensor.shape), "data_offsets": [at, at + len(part)]}
        parts.append(part)
        at += len(part)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(parts))


class Net(nn.Module):
    """The net of a fixture, as TorchFixtures builds it."""

    def __init__(self, metadata, tensors):
        super().__init__()
        features, channels = [], tensors["x"].shape[1]
        for entry in metadata["layout"].split(","):
            if entry == "M":
                features.append(nn.MaxPool2d(2, 2))
                continue
            kind, out = entry.split(":") if ":" in entry else ("3x3", entry)
            kernel = 1 if kind == "1x1" else 3
            features += [
                nn.Conv2d(channels, int(out), kernel, padding=kernel // 2, bias=False),
                nn.BatchNorm2d(int(out)),
                nn.ReLU(),
            ]
            channels = int(out)
        self.features = nn.Sequential(*features)
        flat = tensors["classifier.0.weight"].shape[1]
        hidden, classes = int(metadata["hidden"]), int(metadata["classes"])
        self.classifier = nn.Sequential(
            nn.Linear(flat, hidden), nn.ReLU(), nn.Dropout(0),
            nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0),
            nn.Linear(hidden, classes),
        )
        self.double()
        state = {name: tensors[name] for name in self.state_dict() if name in tensors}
        self.load_state_dict(state, strict=False)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def run(metadata, tensors, optimizer, clip=0.0, head=0.0, decay=0.0, frozen=()):
    net = Net(metadata, tensors)
    for module in (net.get_submodule(name) for name in frozen):
        module.eval()
        module.requires_grad_(False)
    parameters = [p for p in net.parameters() if p.requires_grad]
    groups = parameters
    if head:
        last = list(net.classifier[6].parameters())
        rest = [p for p in parameters if not any(p is q for q in last)]
        groups = [{"params": rest}, {"params": last, "lr": head}]
    if optimizer == "sgd":
        rule = torch.optim.SGD(groups, lr=RATE, momentum=0.9, weight_decay=0.01)
    else:
        rule = torch.optim.Adam(groups, lr=RATE, weight_decay=0.01)
    average = None
    if decay:
        average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
        average.n_averaged += 1  # it begins with the weights at the start
    losses = []
    for _ in range(STEPS):
        rule.zero_grad()
        loss = nn.functional.cross_entropy(net(tensors["x"]), tensors["labels"].long())
        losses.append(loss.item())
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(parameters, clip)
        rule.step()
        if average:
            average.update_parameters(net)
    result = {"loss": torch.tensor(losses, dtype=torch.float64)}
    states = [("", net)] + ([("average.", average.module)] if average else [])
    for prefix, model in states:
        for name, value in model.state_dict().items():
            if value.is_floating_point():
                result[prefix + name] = value.clone()
    return result


def main(folder):
    metadata, tensors = read(folder + "/batchnorm.safetensors")
    convolutions = [n for n, m in Net(metadata, tensors).features.named_children() if isinstance(m, nn.Conv2d)]
    blocks = [["features." + n, "features." + str(int(n) + 1)] for n in convolutions]
    runs = {
        "clip_sgd": dict(optimizer="sgd", clip=0.5),
        "clip_adam": dict(optimizer="adam", clip=0.5),
        "head_sgd": dict(optimizer="sgd", head=0.03),
        "head_adam": dict(optimizer="adam", head=0.002),
        "average": dict(optimizer="sgd", decay=0.9),
        "frozen_features": dict(optimizer="sgd", frozen=["features"]),
        "frozen_within": dict(optimizer="adam", frozen=blocks[1] + ["classifier.3"]),
        "all": dict(optimizer="adam", clip=0.5, head=0.03, decay=0.9, frozen=blocks[0]),
    }
    results = {}
    for name, options in runs.items():
        for tensor, value in run(metadata, tensors, **options).items():
            results[name + "." + tensor] = value
    said = {name: json.dumps(options) for name, options in runs.items()}
    write(folder + "/updates.safetensors", {"torch": torch.__version__, **said}, results)


main(sys.argv[1])
