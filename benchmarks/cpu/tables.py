"""The benchmark's results as Markdown and JSON."""
import json
from pathlib import Path

from plot import svg
from programs import BOUNDS, CASES

WORDS = {"fp32": "f32", "bf16": "bf16"}


def number(value) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def peak_of(result: dict, precision: str, threads: int = None):
    return result["ceilings"].get(f"{precision} {threads or result['threads']}", {}).get("tflop_per_second")


def cases(result: dict) -> list:
    lines = ["| case | | images/s | TFLOP/s | of the peak | best peer | its images/s | ratio | from to | bound | memory, MB | peer's |"
             " ratio |", "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in result["cases"]:
        name, precision = row["case"], row["precision"]
        ours, peer = row.get("vgg4j"), row.get("peer")
        if ours is None:
            lines.append(f"| {name} | {WORDS[precision]} | {row.get('error', 'no peer')} |" + " |" * 10)
            continue
        flops = ours["images_per_second"] * row["gflop_per_image"] / 1e3
        peak = peak_of(result, precision)
        bound = BOUNDS.get((name, precision))
        memory = [ours["peak_mb"], peer["peak_mb"]]
        lines.append("| " + " | ".join([
            name, WORDS[precision], number(ours["images_per_second"]), f"{flops:.3f}", f"{flops / peak:.0%}" if peak else "-",
            peer["name"], number(peer["images_per_second"]), f"**{row['ratio']:.2f}**",
            f"{row['ratio_min']:.2f} {row['ratio_max']:.2f}", "-" if bound is None else f"{bound}", number(memory[0]),
            number(memory[1]), "-" if None in memory else f"{memory[0] / memory[1]:.2f}"]) + " |")
    return lines


def first_steps(result: dict) -> list:
    lines = ["| case | | loss | vgg4j's error | its gradients' | PyTorch's gradients' | libtorch's loss | its gradients' |",
             "|---|---|---|---|---|---|---|---|"]
    for row in result["cases"]:
        step = row.get("first_step")
        if step and "error" in step:
            lines.append(f"| {row['case']} | {WORDS[row['precision']]} | {step['error']} | | | | | |")
        elif step:
            other = step.get("libtorch", {"error": "-"})
            theirs = (f"{other['error']} | " if "error" in other else
                      f"{other['torch_loss_error']:.1e} | {other['torch_gradient_error']:.1e}")
            lines.append(f"| {row['case']} | {WORDS[row['precision']]} | {step['loss']:.4f} | {step['loss_error']:.1e} |"
                         f" {step['gradient_error']:.1e} | {step['torch_gradient_error']:.1e} | {theirs} |")
    return lines


def memory(result: dict) -> list:
    lines = ["| case | | planned for the net, MB | expected of the process | its peak | expected to peak | of the net's plan to peak |",
             "|---|---|---|---|---|---|---|"]
    for row in result["cases"]:
        got = row.get("memory")
        if got and got["peak_process"]:
            planned, expected, peak = (got[key] for key in ("planned", "expected_process", "peak_process"))
            lines.append(f"| {row['case']} | {WORDS[row['precision']]} | {number(planned / 1e6)} | {number(expected / 1e6)} |"
                         f" {number(peak / 1e6)} | {expected / peak - 1:+.1%} | {planned / peak:.0%} |")
    return lines


def kinds(result: dict) -> list:
    lines = ["| case | | ms a step | by kind of operation |", "|---|---|---|---|"]
    for row in result["cases"]:
        kind = row.get("by_kind")
        if kind and "error" not in kind:
            total = sum(kind["kinds"].values())
            shares = ", ".join(f"{name} {millis / total:.0%}" for name, millis in kind["kinds"].items() if millis > total / 100)
            lines.append(f"| {row['case']} | {WORDS[row['precision']]} | {number(kind['step_ms'])} | {shares} |")
    return lines


def growth(result: dict, picture: str) -> list:
    lines = ["", f"![TFLOP/s by batch, width, threads and image size]({picture})"]
    for axis, points in result["growth"].items():
        names = list(points[0]["series"]) if points else []
        heads = [f"{name.split()[0]} {WORDS[name.split()[1]]}" for name in names]
        lines += ["", f"By {axis}; images/s, share of the peak, MB:", "", f"| {axis} | of | " + " | ".join(heads) + " |",
                  "|---" * (2 + len(heads)) + "|"]
        for point in points:
            cells = []
            for name in names:
                got, peak = point["series"][name], peak_of(result, name.split()[1], point["threads"])
                cells.append(got["error"] if "error" in got else ", ".join(
                    [number(got["images_per_second"]), f"{got['tflop_per_second'] / peak:.0%}" if peak else "-",
                     number(got["peak_mb"])]))
            lines.append(f"| {point['value']} | {point['case']} | " + " | ".join(cells) + " |")
    return lines


def write(result: dict, out: str) -> None:
    """Writes OUT.json and OUT.md."""
    Path(out + ".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    peaks = ", ".join(f"{WORDS[key.split()[0]]} {c['tflop_per_second']} TFLOP/s with {key.split()[1]} threads"
                      for key, c in result["ceilings"].items() if "error" not in c)
    picture = Path(out).name + "-growth.svg"
    lines = ["# vgg4j's CPU engine beside its peers", "",
             f"{result['date']}, {result['cpu']}, {result['threads']} threads, {result['system']}. Made with `benchmarks/run.sh`.",
             *([f"Median of {result['rounds']} windows each, in turns; the ratio is the median of the ratios of two windows in a row."]
               if result["cases"] else []),
             f"The peak is a large matrix product on vgg4j's engine in the same run: {peaks}. Memory is the largest a process had.",
             f"It took {result['seconds']} s." if "seconds" in result else "It was not finished.", ""]
    if result.get("errors"):
        lines += ["**Faster than the arithmetic at the peak, so a measurement is wrong:**", "",
                  *[f"- {error}" for error in result["errors"]], ""]
    lines += [f"- {name}: {case}" for name, case in CASES.items() if any(row["case"] == name for row in result["cases"])]
    if result["cases"]:
        lines += ["", *cases(result), "", "## The first step, against PyTorch's in double from the same weights", "",
                  "An error of gradients is the distance from those in double as a share of their norm.", "", *first_steps(result), "",
                  "## Memory", "",
                  "What vgg4j expects of its process before it takes the net's memory, and the most that the process held.", "",
                  *memory(result), "", "## Where vgg4j's time goes", "", *kinds(result)]
    missing = [f"- {text}" for text in result["left_out"]]
    missing += [f"- {row['case']} {WORDS[row['precision']]}, {name}: {why}" for row in result["cases"]
               for name, why in row["left_out"].items()]
    lines += ["", "## Left out", "", *missing] if missing else []
    lines += ["", "## Growth", *growth(result, picture)] if result["growth"] else []
    if result["growth"]:
        Path(out + "-growth.svg").write_text(svg(result), encoding="utf-8")
    Path(out + ".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
