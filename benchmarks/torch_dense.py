"""Writes what PyTorch computes with nets made fully convolutional, beside the fixtures of TorchFixtures:
FOLDER/dense.safetensors.

    python3 torch_dense.py ../src/test/resources/fixtures

Everything is in double and in evaluation mode. For each net NAME the file has its tensors (NAME.features.0.weight), pictures
(NAME.x0, of the net's image size, NAME.x1 and NAME.x2, larger) and what the converted net makes of them: the class map,
averaged (NAME.y0, ...). The first linear layer becomes an nn.Conv2d over the features of one image, the others 1x1. Where
an average pool comes before the classifier, there is no such layer: the pool and the classifier go over every window of
the features instead. At the image size both must give what the net itself gives.
"""
import json
import sys

import torch
from torch import nn

from torch_updates import write

NETS = {
    "plain": dict(channels=1, image=8, norm=False, pool=0),
    "norm": dict(channels=3, image=12, norm=True, pool=0),
    "same": dict(channels=1, image=8, norm=False, pool=2),
    "pool": dict(channels=2, image=12, norm=True, pool=5),
}
CONVOLUTIONS, HIDDEN, CLASSES = (3, 4), 5, 6


def features(channels, norm):
    layers = []
    for out in CONVOLUTIONS:
        layers.append(nn.Conv2d(channels, out, 3, padding=1, bias=not norm))
        layers += [nn.BatchNorm2d(out)] if norm else []
        layers += [nn.ReLU(), nn.MaxPool2d(2, 2)]
        channels = out
    return nn.Sequential(*layers)


class Net(nn.Module):
    def __init__(self, channels, image, norm, pool):
        super().__init__()
        self.side = image // 4
        self.features = features(channels, norm)
        self.avgpool = nn.AdaptiveAvgPool2d(pool) if pool else nn.Identity()
        last = CONVOLUTIONS[-1] * (pool or self.side) ** 2
        self.classifier = nn.Sequential(
            nn.Linear(last, HIDDEN), nn.ReLU(), nn.Dropout(0),
            nn.Linear(HIDDEN, HIDDEN), nn.ReLU(), nn.Dropout(0),
            nn.Linear(HIDDEN, CLASSES),
        )

    def forward(self, x):
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


def converted(linear, kernel):
    out, flat = linear.weight.shape
    conv = nn.Conv2d(flat // kernel**2, out, kernel).double()
    conv.weight.data.copy_(linear.weight.view(out, -1, kernel, kernel))
    conv.bias.data.copy_(linear.bias)
    return conv


def dense(net, x, pool):
    maps = net.features(x)
    if pool in (0, net.side):
        head = nn.Sequential(
            converted(net.classifier[0], net.side), nn.ReLU(),
            converted(net.classifier[3], 1), nn.ReLU(),
            converted(net.classifier[6], 1),
        )
        return head(maps).mean((2, 3))
    windows = maps.unfold(2, net.side, 1).unfold(3, net.side, 1)
    rows, columns = windows.shape[2:4]
    logits = [
        net.classifier(net.avgpool(windows[:, :, i, j]).flatten(1)) for i in range(rows) for j in range(columns)
    ]
    return torch.stack(logits).mean(0)


def main(folder):
    torch.manual_seed(1)
    tensors = {}
    for name, spec in NETS.items():
        net = Net(**spec).double().eval()
        for parameter in net.parameters():
            parameter.data.uniform_(-1, 1)
        for key, buffer in net.named_buffers():
            if buffer.is_floating_point():
                buffer.uniform_(0.5, 1.5)
        side = spec["image"]
        with torch.no_grad():
            for i, (count, height, width) in enumerate([(2, side, side), (1, side + 4, side + 11), (2, side + 9, side)]):
                x = torch.rand(count, spec["channels"], height, width, dtype=torch.float64)
                y = dense(net, x, spec["pool"])
                if i == 0:
                    assert torch.allclose(y, net(x), rtol=0, atol=1e-13)
                tensors[f"{name}.x{i}"], tensors[f"{name}.y{i}"] = x, y
        for key, value in net.state_dict().items():
            if value.is_floating_point():
                tensors[f"{name}.{key}"] = value
    metadata = {name: json.dumps(spec) for name, spec in NETS.items()}
    metadata.update(program="benchmarks/torch_dense.py", torch=torch.__version__)
    write(folder + "/dense.safetensors", metadata, tensors)


if __name__ == "__main__":
    main(sys.argv[1])
