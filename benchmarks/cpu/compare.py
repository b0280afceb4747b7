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
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(HERE.parent / "gpu"))
sys.path.insert(0, str(HERE))
import alternate  # noqa: E402
import growth  # noqa: E402
from measuring import Measured, ceiling, higher  # noqa: E402
from programs import CASES, Case, Peers, vgg4j  # noqa: E402
from tables import write  # noqa: E402

PRECISIONS = ("fp32", "bf16")
COMPILE_LIMIT = 240  # seconds


def log(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def libtorch() -> tuple:
    """The class path of TorchVgg, built if need be; or None and why."""
    command = ["mvn", "-B", "-ntp", "-q", "-f", str(HERE.parent / "pom.xml"), "process-classes"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        return None, f"not built: {error}"
    if done.returncode:
        said = [line for line in (done.stdout + done.stderr).splitlines() if "ERROR" in line]
        return None, f"not built: {(said or ['mvn failed'])[0][:200]}"
    target = HERE.parent / "target"
    return f"{target / 'classes'}:{(target / 'classpath.txt').read_text().strip()}", None


def screened(candidates: dict, windows: int, limit: float) -> tuple:
    """The rates of the peers that work, and why the others were left out."""
    rates, left_out = {}, {}
    for name, command in candidates.items():
        program, failed = Measured(name, command), {}
        program.start_limit = limit if "compiled" in name else alternate.START
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
    said = programs[0].said
    result["vgg4j"]["engine"] = said.get("engine")
    result["memory"] = {key: said[f"{key}_bytes"] for key in ("planned", "expected_process", "peak_process")}
    return result


def first_step(case: Case, precision: str, threads: int, classes: str, peers: Peers) -> dict:
    """How far vgg4j's loss and gradients are from PyTorch's in double, and libtorch's and PyTorch's own in the precision."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "step.safetensors")
        java = ["java", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0", "-cp", classes, str(HERE / "FirstStep.java"), case.arch,
                str(case.plain).lower(), case.width, str(case.image_size), str(case.batch), precision, str(threads), str(file)]
        worker = [peers.python, str(HERE / "torch_worker.py"), *case.torch_flags(), "--precision", precision, "--check", str(file)]
        done = subprocess.run(java, capture_output=True, text=True)
        if done.returncode:
            return {"error": last_line(done)}
        result = answer(worker)
        if peers.libtorch:
            result["libtorch"] = answer(peers.torch_vgg(case, precision, threads, f"check={file}"))
        return result


def last_line(done) -> str:
    return (done.stderr.strip().splitlines() or ["no message"])[-1][:200]


def answer(command: list) -> dict:
    done = subprocess.run(command, capture_output=True, text=True)
    return {"error": last_line(done)} if done.returncode else json.loads(done.stdout.splitlines()[-1])


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
            return {"error": last_line(done)}
    sums = {}
    for row in profile["operations"]:
        name = "conversions of order or type" if row.get("conversion") else row["name"] or row["part"]
        sums[name] = sums.get(name, 0) + row["millis"]
    return {"step_ms": profile["stepMillis"], "kinds": dict(sorted(sums.items(), key=lambda item: -item[1]))}


def cpu_name() -> str:
    try:
        return re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text()).group(1)
    except (OSError, AttributeError):
        return platform.processor()


def measured(name: str, precision: str, arguments, peers: Peers) -> dict:
    """All that is known of a case."""
    case, threads = CASES[name], arguments.threads
    log(f"case {name}, {precision}")
    row = {"case": name, "precision": precision, "gflop_per_image": case.multiply_adds() * 2 / 1e9}
    if not case.inference:
        row["first_step"] = first_step(case, precision, threads, arguments.classes, peers)
        log(f"    first step: {row['first_step']}")
    commands = peers.commands(case, precision, threads)
    rates, row["left_out"] = screened(commands, 2, arguments.compile_limit)
    row["screened"] = rates
    if rates:
        best = max(rates, key=rates.get)
        row.update(paired(case, precision, threads, best, commands[best], arguments.rounds))
    log(f"    vgg4j: {row.get('vgg4j', {}).get('images_per_second')}, ratio {row.get('ratio')} {row.get('error', '')}")
    if not case.inference:
        row["by_kind"] = kinds(case, precision, threads)
    return row


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True, help="where to write, without .md and .json")
    parser.add_argument("--classes", required=True, help="vgg4j's class path")
    parser.add_argument("--quick", action="store_true", help="the small cases, eager PyTorch only, no growth")
    parser.add_argument("--cases", default=None, help="such as a,b,q; none for growth alone")
    parser.add_argument("--precisions", default=",".join(PRECISIONS))
    parser.add_argument("--no-compile", action="store_true", help="leave out torch.compile")
    parser.add_argument("--no-libtorch", action="store_true", help="leave out libtorch")
    parser.add_argument("--no-growth", action="store_true")
    parser.add_argument("--axes", default=None, help="of the growth, such as batch,width")
    parser.add_argument("--compile-limit", type=float, default=COMPILE_LIMIT, help="seconds that torch.compile may take")
    parser.add_argument("--rounds", type=int, default=7, help="windows of each of a pair, at least 7")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    arguments.cases = (arguments.cases or ("c,q,d1" if arguments.quick else ",".join(CASES))).split(",")
    arguments.cases = [] if arguments.cases == ["none"] else arguments.cases
    arguments.precisions = arguments.precisions.split(",")
    axes = growth.axes(arguments.threads)
    arguments.axes = arguments.axes.split(",") if arguments.axes else list(axes)
    for what, given, known in (("case", arguments.cases, CASES), ("precision", arguments.precisions, PRECISIONS),
                               ("axis", arguments.axes, axes)):
        for name in given:
            if name not in known:
                parser.error(f"unknown {what} {name}: {', '.join(known)}")
    if arguments.rounds < 7:
        parser.error("--rounds must be 7 or more")
    return arguments


def grow(result: dict, arguments, peers: Peers) -> None:
    axes = growth.axes(arguments.threads)
    for axis in arguments.axes:
        points = result["growth"][axis] = []
        for value, case, threads in axes[axis]:
            point = {"value": value, "case": str(case), "threads": threads, "series": {}}
            for name, precision in growth.SERIES:
                if precision in arguments.precisions:
                    got = point["series"][f"{name} {precision}"] = growth.rate(name, case, precision, threads, peers)
                    log(f"{axis} {value}, {name} {precision}: {got.get('error') or round(got['images_per_second'], 1)}")
            points.append(point)
            write(result, arguments.out)


def main() -> None:
    arguments = options()
    begin = time.monotonic()
    compiles = not (arguments.quick or arguments.no_compile)
    asked = not (arguments.quick or arguments.no_libtorch)
    classes, why = libtorch() if asked else (None, None)
    peers = Peers(arguments.python, compiles, classes)
    left_out = [] if compiles else ["torch.compile: not asked for"]
    left_out += [] if classes else [f"libtorch: {why or 'not asked for'}"]
    result = {"date": datetime.date.today().isoformat(), "cpu": cpu_name(), "threads": arguments.threads,
              "system": f"{platform.system()} {platform.machine()}", "python": platform.python_version(), "left_out": left_out,
              "rounds": arguments.rounds, "ceilings": {}, "cases": [], "growth": {}}
    grows = not (arguments.quick or arguments.no_growth)
    counts = [arguments.threads] + (list(range(1, arguments.threads)) if grows and "threads" in arguments.axes else [])

    def measure_ceilings() -> None:
        """Before and after the rest: the larger counts."""
        for precision in arguments.precisions:
            for threads in counts:
                key = f"{precision} {threads}"
                result["ceilings"][key] = higher(result["ceilings"].get(key, {}), ceiling(precision, threads))
                log(f"{precision}, {threads} threads: at most {result['ceilings'][key]}")

    measure_ceilings()
    for name in arguments.cases:
        for precision in arguments.precisions:
            result["cases"].append(measured(name, precision, arguments, peers))
            write(result, arguments.out)
    if grows:
        grow(result, arguments, peers)
    measure_ceilings()
    result["seconds"] = round(time.monotonic() - begin)
    result["errors"] = growth.excesses(result)
    write(result, arguments.out)
    log(f"{arguments.out}.md, after {result['seconds']} s")
    if result["errors"]:
        sys.exit("faster than the arithmetic at the peak, so a measurement is wrong: " + "; ".join(result["errors"]))


if __name__ == "__main__":
    main()
