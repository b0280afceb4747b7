"""How the speed of a training step grows with batch, width, threads and image size; and what no program may exceed."""
import alternate
from measuring import Measured
from programs import CASES, Peers, vgg4j

SERIES = (("vgg4j", "fp32"), ("vgg4j", "bf16"), ("PyTorch", "fp32"), ("PyTorch", "bf16"))
WINDOW_FLOP = 1e11  # a window of about half a second on two cores
BATCHES, WIDTHS, SIZES = (1, 2, 4, 8, 16, 32, 64, 128), ("1/8", "1/4", "1/2", "1"), (32, 64, 128, 224, 384)
WINDOWS = 4


def paced(case):
    """The same with windows of about the same arithmetic, however large the case is."""
    steps = min(300, max(1, round(WINDOW_FLOP / (2 * case.multiply_adds() * case.batch))))
    return case.changed(steps=steps, warm_up=max(2, 3 * steps))  # Java compiles in the first steps


def axes(threads: int) -> dict:
    """Name to (value, case, threads)."""
    small, narrow = CASES["q"], CASES["b"]
    return {
        "batch": [(batch, paced(small.changed(batch=batch)), threads) for batch in BATCHES],
        "width": [(width, paced(small.changed(width=width)), threads) for width in WIDTHS],
        "threads": [(count, paced(small.changed(batch=64)), count) for count in range(1, threads + 1)],
        "image size": [(size, paced(narrow.changed(image_size=size, batch=8)), threads) for size in SIZES],
    }


def rate(name: str, case, precision: str, threads: int, peers: Peers) -> dict:
    command = vgg4j(case, precision, threads) if name == "vgg4j" else peers.pytorch(case, precision, threads, "channels_last")
    program, failed = Measured(name, command), {}
    alternate.run([program], WINDOWS, failed)
    program.stop()
    if failed:
        return {"error": failed[name][:200]}
    images = alternate.middle(program.windows[1:])[""]  # the first still warms up
    return {"images_per_second": images, "tflop_per_second": images * case.multiply_adds() * 2 / 1e12,
            "peak_mb": program.peak_mb}


def excesses(result: dict) -> list:
    """What is faster than its arithmetic at the measured peak allows; nothing is, so these are errors of measurement.

    The arithmetic is that of direct convolutions; minimal filtering, as vgg4j does it with products in single precision for nets
    of either precision, takes at least a quarter of it.
    """
    found = []

    def look(name: str, what: str, precision: str, tflops: float, threads: int) -> None:
        peaks = [result["ceilings"].get(f"{kind} {threads}", {}).get("tflop_per_second", 0) for kind in (precision, "fp32")]
        most = max(peaks[0], 4 * peaks[1]) if name == "vgg4j" else peaks[0]
        if most and tflops > most:
            found.append(f"{what}, {name}: {tflops:.3f} TFLOP/s, but at most {most:.3f} are possible")

    for row in result["cases"]:
        for who in ("vgg4j", "peer"):
            if who in row:
                look(row[who]["name"], f"case {row['case']} {row['precision']}", row["precision"],
                     row[who]["images_per_second"] * row["gflop_per_image"] / 1e3, result["threads"])
    for axis, points in result["growth"].items():
        for point in points:
            for name, got in point["series"].items():
                if "error" not in got:
                    series, precision = name.split()
                    look(series, f"{axis} {point['value']} {precision}", precision, got["tflop_per_second"], point["threads"])
    return found
