"""Prints images a second of Pillow and of torchvision's loader: python loaders.py FOLDER WORKERS ROUNDS

Pillow decodes, resizes the shorter side to 256 (bilinear) and makes an array, in one thread. The loader is ImageFolder with
Resize(256), CenterCrop(224), ToTensor behind a DataLoader of batches of 64. The first round of each only warms up.
"""

import sys
import time

import numpy as np
import torch
from PIL import Image
from torchvision import datasets, transforms


def pillow(files):
    for path, _ in files:
        with Image.open(path) as file:
            picture = file.convert("RGB")
        short = min(picture.size)
        np.asarray(picture.resize([256 * side // short for side in picture.size], Image.BILINEAR))


def main(folder, workers, rounds):
    torch.set_num_threads(1)
    steps = [transforms.Resize(256), transforms.CenterCrop(224), transforms.ToTensor()]
    data = datasets.ImageFolder(folder, transforms.Compose(steps))
    loader = torch.utils.data.DataLoader(data, 64, num_workers=int(workers), persistent_workers=True)
    for round in range(int(rounds) + 1):
        start = time.perf_counter()
        pillow(data.samples)
        middle = time.perf_counter()
        count = sum(len(labels) for _, labels in loader)
        end = time.perf_counter()
        assert count == len(data)
        if round:
            print(f"Pillow files {len(data) / (middle - start):.0f}")
            print(f"torchvision loader {count / (end - middle):.0f}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
