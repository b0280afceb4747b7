"""A picture of the growth as SVG, without libraries: a panel for each axis."""
import math
from fractions import Fraction
from html import escape

COLOURS = {"vgg4j fp32": "#1f77b4", "vgg4j bf16": "#d62728", "PyTorch fp32": "#7fb2d9", "PyTorch bf16": "#e9a0a0"}
WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 460, 290, 56, 30, 14, 44


def steps(most: float) -> list:
    """Round values from 0 to most, 3 to 6 of them."""
    step = 10 ** math.floor(math.log10(most))
    while most / step < 3:
        step /= 2
    return [i * step for i in range(int(most / step) + 1)]


def panel(axis: str, points: list, ceilings: dict, threads: int) -> list:
    xs = [math.log2(float(Fraction(str(point["value"])))) for point in points]
    left, span = min(xs), (max(xs) - min(xs)) or 1.0
    peaks = {p: ceilings.get(f"{p} {threads}", {}).get("tflop_per_second") for p in ("fp32", "bf16")}
    rates = [got["tflop_per_second"] for point in points for got in point["series"].values() if "error" not in got]
    top = 1.05 * max([peak for peak in peaks.values() if peak] + rates + [1e-6])

    def x(value: float) -> float:
        return LEFT + (value - left) / span * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    lines = [f'<text x="{LEFT}" y="18" font-weight="bold">TFLOP/s by {escape(axis)}</text>']
    for value in steps(top):
        lines += [f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>',
                  f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:.3g}</text>']
    for point, at in zip(points, xs):
        lines.append(f'<text x="{x(at):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{point["value"]}</text>')
    lines.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">{escape(axis)}</text>')
    for precision, peak in peaks.items():
        if peak and axis != "threads":
            colour = COLOURS[f"vgg4j {precision}"]
            lines.append(f'<path d="M{LEFT} {y(peak):.1f}H{WIDTH - RIGHT}" stroke="{colour}" stroke-dasharray="5 4"/>')
    for name, colour in COLOURS.items():
        found = [(x(at), y(point["series"][name]["tflop_per_second"])) for at, point in zip(xs, points)
                 if "tflop_per_second" in point["series"].get(name, {})]
        if found:
            path = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in found)
            lines.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
            lines += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3" fill="{colour}"/>' for a, b in found]
    return lines


def svg(result: dict) -> str:
    growth = result["growth"]
    rows = (len(growth) + 1) // 2
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {rows * HEIGHT + 30}" width="{2 * WIDTH}"'
             ' font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="white"/>']
    for i, (axis, points) in enumerate(growth.items()):
        lines += [f'<g transform="translate({i % 2 * WIDTH} {i // 2 * HEIGHT})">',
                  *panel(axis, points, result["ceilings"], result["threads"]), "</g>"]
    at = LEFT
    for name, colour in COLOURS.items():
        text = name.replace("fp32", "f32")
        lines += [f'<rect x="{at}" y="{rows * HEIGHT + 8}" width="12" height="12" fill="{colour}"/>',
                  f'<text x="{at + 18}" y="{rows * HEIGHT + 18}">{text}</text>']
        at += 130
    lines += [f'<text x="{at}" y="{rows * HEIGHT + 18}">dashed: the peak of a large matrix product</text>', "</svg>"]
    return "\n".join(lines) + "\n"
