#!/usr/bin/env python3
"""Fine-tunes the same torchvision weights on the same image folder in PyTorch and in vgg4j.

    python3 benchmarks/finetune/compare.py FOLDER WORK [--arch vgg11_bn] [--weights FILE.pth]

FOLDER has train/<class>/** and val/<class>/** (or test/). WORK receives the weights, vgg4j's run and result.json. Without --weights
the net is torchvision's with random values from a seed; nothing is downloaded. Needs torch and torchvision (pip), and ./vgg.
Both sides see the shorter side at 256, the middle 224, ImageNet's mean and deviation, no augmentation, a new last layer, the same
optimizer, rate and batch size, one epoch. They draw the last layer, dropout and the order of the images for themselves.
"""
import argparse
import json
import pathlib
import struct
import subprocess
import sys
import time

import torch

try:
    import torchvision
except RuntimeError:  # its compiled operators, which nothing here uses, are for another torch
    for name in [name for name in sys.modules if name.startswith("torchvision")]:
        del sys.modules[name]
    torch.library.register_fake = lambda *_, **__: lambda function: function
    import torchvision
from torchvision import transforms

MEAN, DEVIATION = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--arch", default="vgg11_bn")
    parser.add_argument("--weights", type=pathlib.Path, help="a state_dict of torchvision's")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vgg", default=str(pathlib.Path(__file__).resolve().parents[2] / "vgg"))
    return parser.parse_args()


def save(state, file):
    """Writes a state_dict as safetensors, from the format's description."""
    kinds = {torch.float32: "F32", torch.int64: "I64"}
    tensors = sorted(state.items(), key=lambda item: (-item[1].element_size(), item[0]))
    header, data = {}, []
    at = 0
    for name, tensor in tensors:
        raw = tensor.contiguous().numpy().tobytes()
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
        data.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    file.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))


def model(args):
    torch.manual_seed(args.seed)
    net = getattr(torchvision.models, args.arch)(weights=None)
    if args.weights:
        net.load_state_dict(torch.load(args.weights, map_location="cpu", weights_only=True))
    return net


def folders(args):
    way = transforms.Compose([
        transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor(), transforms.Normalize(MEAN, DEVIATION)])
    held = next(args.folder / name for name in ("val", "test") if (args.folder / name).is_dir())
    train = torchvision.datasets.ImageFolder(args.folder / "train", way)
    test = torchvision.datasets.ImageFolder(held, way)
    loader = lambda images, shuffle: torch.utils.data.DataLoader(  # noqa: E731
        images, args.batch_size, shuffle=shuffle, num_workers=2)
    return train, loader(train, True), loader(test, False)


def pytorch(args):
    torch.set_num_threads(args.threads)
    net = model(args)
    train, batches, tests = folders(args)
    net.classifier[6] = torch.nn.Linear(net.classifier[6].in_features, len(train.classes))
    optimizer = torch.optim.Adam(net.parameters(), args.lr)
    begin = time.time()
    net.train()
    for _ in range(args.epochs):
        for images, labels in batches:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(net(images), labels).backward()
            optimizer.step()
    seconds = time.time() - begin
    net.eval()
    right = count = 0
    with torch.no_grad():
        for images, labels in tests:
            right += int((net(images).argmax(1) == labels).sum())
            count += len(labels)
    return {"accuracy": right / count, "imagesPerSecond": len(train) * args.epochs / seconds}


def vgg4j(args, weights):
    run = args.work / "run"
    command = [
        args.vgg, "train", "--start-from", weights, "--data", args.folder, "--out", run, "--epochs", args.epochs,
        "--batch-size", args.batch_size, "--optimizer", "adam", "--lr", args.lr, "--lr-schedule", "constant",
        "--seed", args.seed, "--device", "cpu", "--threads", args.threads]
    subprocess.run([str(part) for part in command], check=True, stdout=sys.stderr)
    last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
    return {"accuracy": last["testAccuracy"], "imagesPerSecond": last["imagesPerSecond"]}


def main():
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    weights = args.work / "weights.safetensors"
    save(model(args).state_dict(), weights)
    result = {
        "arch": args.arch, "epochs": args.epochs, "batchSize": args.batch_size, "learningRate": args.lr,
        "threads": args.threads, "torch": torch.__version__, "torchvision": torchvision.__version__,
        "vgg4j": vgg4j(args, weights), "pytorch": pytorch(args)}
    (args.work / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    for side in ("vgg4j", "pytorch"):
        print(f"{side}: accuracy {result[side]['accuracy']:.3f} after {args.epochs} epoch(s),"
              f" {result[side]['imagesPerSecond']:.1f} images/s")


if __name__ == "__main__":
    main()
