"""Times vgg4j's CPU engine beside PyTorch and ONNX Runtime; see ../run.sh.

For each case the peers are tried one by one first. The fastest then takes turns with vgg4j, window by window, so that a machine
that gets slower does so for both; the medians of the windows, and of the ratios of two windows in a row, are reported. Before, the
loss and all gradients of a first step from the same weights are compared.
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "gpu"))
sys.path.insert(0, str(HERE))
import alternate  # noqa: E402
from programs import CASES, Case, peers, vgg4j  # noqa: E402
from tables import write  # noqa: E402

PRECISIONS = ("fp32", "bf16")
GROWTH = {
    "batch": [CASES["q"].changed(batch=batch, steps=max(1, 256 // batch)) for batch in (1, 2, 4, 8, 16, 32, 64, 128)],
    "width": [CASES["q"].changed(width=width, steps=4) for width in ("1/8", "1/4", "1/2", "1")],
    "image size": [CASES["b"].changed(image_size=size, batch=8, steps=2) for size in (32, 64, 128, 224, 384)],
}


class Measured(alternate.Program):
    """A program whose largest memory is read while it is still there."""

    peak_mb = None

    def finish(self) -> None:
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            self.peak_mb = int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) >> 10
        except (OSError, AttributeError):
            pass  # another system
        super().finish()


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def screened(candidates: dict, windows: int) -> tuple:
    """The fastest command of each peer that works, and why the others were left out."""
    rates, left_out = {}, {}
    for name, command in candidates.items():
        program, failed = Measured(name, command), {}
        alternate.run([program], windows, failed)
        program.stop()
        if name in failed:
            left_out[name] = failed[name][:200]
        else:
            rates[name] = max(program.windows)
        log(f"    {name}: {failed.get(name) or f'{rates[name]:.2f} images/s'}")
    return rates, left_out


def paired(case: Case, precision: str, threads: int, name: str, command: str, rounds: int) -> dict:
    programs = [Measured("vgg4j", vgg4j(case, precision, threads)), Measured(name, command)]
    failed = {}
    try:
        others = alternate.run(programs, rounds, failed)
    finally:
        for program in programs:
            program.stop()
    for program in others:
        failed.setdefault(program.name, "did not start beside the other")
    if failed:
        return {"error": failed}
    ratios = alternate.middle([one / other for one, other in zip(programs[0].windows, programs[1].windows)])
    result = {"ratio": ratios[""], "ratio_min": ratios["min"], "ratio_max": ratios["max"]}
    for key, program in (("vgg4j", programs[0]), ("peer", programs[1])):
        rates = alternate.middle(program.windows)
        result[key] = {"name": program.name, "images_per_second": rates[""], "min": rates["min"], "max": rates["max"],
                       "windows": program.windows, "peak_mb": program.peak_mb}
    result["vgg4j"]["engine"] = programs[0].said.get("engine")
    return result


def first_step(case: Case, precision: str, threads: int, classes: str, python: str) -> dict:
    """How far vgg4j's loss and gradients are from PyTorch's."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "step.safetensors")
        java = ["java", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0", "-cp", classes, str(HERE / "FirstStep.java"), case.arch,
                str(case.plain).lower(), case.width, str(case.image_size), str(case.batch), precision, str(threads), str(file)]
        worker = [python, str(HERE / "torch_worker.py"), *case.torch_flags(), "--precision", precision, "--check", str(file)]
        for command in (java, worker):
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1][:200]}
        return json.loads(done.stdout.splitlines()[-1])


def ceiling(precision: str, threads: int) -> dict:
    command = [str(ROOT / "vgg"), "benchmark", "--device", "cpu", "--precision", precision, "--threads", str(threads),
               "--ceilings", "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 else {"error": done.stderr.strip()[-200:]}


def kinds(case: Case, precision: str, threads: int) -> dict:
    """Milliseconds of a step by kind of operation."""
    with tempfile.TemporaryDirectory() as folder:
        steps = 5 if case.steps == 1 else 30  # short ones are interrupted more easily
        command = [str(ROOT / "vgg"), "train", "--data", "sample", *case.vgg_flags(), "--device", "cpu", "--precision", precision,
                   "--threads", str(threads), "--profile", str(steps), "--epochs", "1",
                   "--train-limit", str((steps + 4) * case.batch),
                   "--test-limit", "8", "--no-report", "--out", folder + "/run"]
        done = subprocess.run(command, capture_output=True, text=True)
        try:
            profile = json.loads(Path(folder, "run", "profile.json").read_text())
        except OSError:
            return {"error": (done.stderr.strip().splitlines() or ["no profile"])[-1][:200]}
    sums = {}
    for row in profile["operations"]:
        name = "conversions of order or type" if row.get("conversion") else row["name"] or row["part"]
        sums[name] = sums.get(name, 0) + row["millis"]
    return {"step_ms": profile["stepMillis"], "kinds": dict(sorted(sums.items(), key=lambda item: -item[1]))}


def grown(case: Case, precision: str, threads: int) -> dict:
    program, failed = Measured("vgg4j", vgg4j(case, precision, threads)), {}
    alternate.run([program], 3, failed)
    program.stop()
    if failed:
        return {"error": failed["vgg4j"][:200]}
    rate = alternate.middle(program.windows)[""]
    return {"images_per_second": rate, "tflop_per_second": rate * case.multiply_adds() * 2 / 1e12, "peak_mb": program.peak_mb}


def cpu_name() -> str:
    try:
        return re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text()).group(1)
    except (OSError, AttributeError):
        return platform.processor()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, help="where to write, without .md and .json")
    parser.add_argument("--classes", required=True, help="vgg4j's class path")
    parser.add_argument("--quick", action="store_true", help="the small cases, eager PyTorch only, no growth")
    parser.add_argument("--cases", default=None, help="such as a,b,q")
    parser.add_argument("--precisions", default=",".join(PRECISIONS))
    parser.add_argument("--no-compile", action="store_true", help="leave out torch.compile")
    parser.add_argument("--no-growth", action="store_true")
    parser.add_argument("--rounds", type=int, default=7, help="windows of each of a pair, at least 7")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    names = (arguments.cases or ("c,q,d1" if arguments.quick else ",".join(CASES))).split(",")
    unknown = [name for name in names if name not in CASES]
    if unknown or arguments.rounds < 7:
        parser.error(f"unknown case {unknown[0]}" if unknown else "--rounds must be 7 or more")
    compiles = not (arguments.quick or arguments.no_compile)
    result = {"date": datetime.date.today().isoformat(), "cpu": cpu_name(), "threads": arguments.threads,
              "system": f"{platform.system()} {platform.machine()}", "python": platform.python_version(), "compile": compiles, "rounds": arguments.rounds,
              "ceilings": {}, "cases": [], "growth": {}}
    for precision in arguments.precisions.split(","):
        result["ceilings"][precision] = ceiling(precision, arguments.threads)
        log(f"{precision}: at most {result['ceilings'][precision]}")
    for name in names:
        for precision in arguments.precisions.split(","):
            case = CASES[name]
            log(f"case {name}, {precision}")
            row = {"case": name, "precision": precision, "gflop_per_image": case.multiply_adds() * 2 / 1e9}
            if not case.inference:
                row["first_step"] = first_step(case, precision, arguments.threads, arguments.classes, arguments.python)
                log(f"    first step: {row['first_step']}")
            rates, row["left_out"] = screened(peers(case, precision, arguments.threads, arguments.python, compiles), 2)
            row["screened"] = rates
            if rates:
                best = max(rates, key=rates.get)
                command = peers(case, precision, arguments.threads, arguments.python, compiles)[best]
                row.update(paired(case, precision, arguments.threads, best, command, arguments.rounds))
            log(f"    vgg4j: {row.get('vgg4j', {}).get('images_per_second')}, ratio {row.get('ratio')} {row.get('error', '')}")
            if not case.inference:
                row["by_kind"] = kinds(case, precision, arguments.threads)
            result["cases"].append(row)
            write(result, arguments.out)
    if not (arguments.quick or arguments.no_growth):
        for what, cases in GROWTH.items():
            rows = [{"case": str(case), "fp32": grown(case, "fp32", arguments.threads)} for case in cases]
            result["growth"][what] = rows
            write(result, arguments.out)
        result["growth"]["threads"] = [{"case": f"{n} threads", "fp32": grown(CASES["q"], "fp32", n)}
                                       for n in range(1, arguments.threads + 1)]
    write(result, arguments.out)


if __name__ == "__main__":
    main()
