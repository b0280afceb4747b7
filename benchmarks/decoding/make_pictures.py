"""Writes a folder of JPEG files like photographs: python make_pictures.py FOLDER [COUNT]

Noise of all scales (its amplitude grows with the scale, as in photographs), gradients, and shapes with sharp edges; quality 90,
chroma at half size. Of ten files seven have 500 x 375 pixels, two 224 x 224 and one 1600 x 1200; they lie in ten classes.
"""

import pathlib
import sys

import numpy as np
from PIL import Image, ImageDraw

SIZES = 7 * [(500, 375)] + 2 * [(224, 224)] + [(1600, 1200)]


def noise(random, width, height):
    """Octaves of smooth noise, one for all colours and a weaker one for each."""
    image = np.zeros((height, width, 3), np.float32)
    for octave in range(1, 9):
        size = (max(2, width >> octave), max(2, height >> octave))
        for channels, amplitude in ((1, 1.0), (3, 0.4)):
            values = random.normal(0, amplitude * 2.2 * octave, (size[1], size[0], channels)).astype(np.float32)
            planes = [
                np.asarray(Image.fromarray(values[:, :, c]).resize((width, height), Image.BICUBIC)) for c in range(channels)
            ]
            image += np.stack(planes, 2)
    return image + random.normal(0, 3, (height, width, 1))  # the sensor's


def picture(random, width, height):
    start, end = random.uniform(30, 220, (2, 3))
    slope = np.linspace(0, 1, width)[None, :, None] * random.uniform() + np.linspace(0, 1, height)[:, None, None] * random.uniform()
    shapes = Image.fromarray(np.clip(start + (end - start) * slope, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(shapes)
    for _ in range(12):
        x, y = random.uniform(0, width), random.uniform(0, height)
        w, h = random.uniform(0.05, 0.4, 2) * min(width, height)
        colour = tuple(int(v) for v in random.uniform(0, 255, 3))
        (draw.ellipse if random.uniform() < 0.5 else draw.rectangle)((x, y, x + w, y + h), fill=colour)
    return Image.fromarray(np.clip(np.asarray(shapes) + noise(random, width, height), 0, 255).astype(np.uint8))


def main(folder, count=1000):
    for i in range(int(count)):
        random = np.random.default_rng(i)
        to = pathlib.Path(folder) / f"class{i % 10}"
        to.mkdir(parents=True, exist_ok=True)
        picture(random, *SIZES[i // 10 % 10]).save(to / f"{i:05}.jpg", quality=90)


if __name__ == "__main__":
    main(*sys.argv[1:])
