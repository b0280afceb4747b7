"""The benchmark's results as Markdown and JSON."""
import json
from pathlib import Path

from programs import BOUNDS, CASES

WORDS = {"fp32": "f32", "bf16": "bf16"}


def number(value) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


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
        peak = result["ceilings"].get(precision, {}).get("tflop_per_second")
        bound = BOUNDS.get((name, precision))
        memory = [ours["peak_mb"], peer["peak_mb"]]
        lines.append("| " + " | ".join([
            name, WORDS[precision], number(ours["images_per_second"]), f"{flops:.3f}", f"{flops / peak:.0%}" if peak else "-",
            peer["name"], number(peer["images_per_second"]), f"**{row['ratio']:.2f}**",
            f"{row['ratio_min']:.2f} {row['ratio_max']:.2f}", "-" if bound is None else f"{bound}", number(memory[0]),
            number(memory[1]), "-" if None in memory else f"{memory[0] / memory[1]:.2f}"]) + " |")
    return lines


def first_steps(result: dict) -> list:
    lines = ["| case | | loss | error of the loss | of the gradients | of PyTorch's gradients |", "|---|---|---|---|---|---|"]
    for row in result["cases"]:
        step = row.get("first_step")
        if step and "error" in step:
            lines.append(f"| {row['case']} | {WORDS[row['precision']]} | {step['error']} | | | |")
        elif step:
            lines.append(f"| {row['case']} | {WORDS[row['precision']]} | {step['loss']:.4f} | {step['loss_error']:.1e} |"
                         f" {step['gradient_error']:.1e} | {step['torch_gradient_error']:.1e} |")
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


def growth(result: dict) -> list:
    lines = []
    peak = result["ceilings"].get("fp32", {}).get("tflop_per_second")
    for what, rows in result["growth"].items():
        lines += ["", f"By {what}, f32:", "", "| | images/s | TFLOP/s | of the peak | memory, MB |", "|---|---|---|---|---|"]
        for row in rows:
            got = row["fp32"]
            lines.append(f"| {row['case']} | {got['error']} | | | |" if "error" in got else
                         f"| {row['case']} | {number(got['images_per_second'])} | {got['tflop_per_second']:.4f} |"
                         f" {got['tflop_per_second'] / peak:.0%} | {number(got['peak_mb'])} |")
    return lines


def write(result: dict, out: str) -> None:
    """Writes OUT.json and OUT.md."""
    Path(out + ".json").write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    peaks = ", ".join(f"{WORDS[p]} {c['tflop_per_second']} TFLOP/s" for p, c in result["ceilings"].items() if "error" not in c)
    lines = ["# vgg4j's CPU engine beside its peers", "",
             f"{result['date']}, {result['cpu']}, {result['threads']} threads, {result['system']}. Made with `benchmarks/run.sh`.",
             f"Median of {result['rounds']} windows each, in turns; the ratio is the median of the ratios of two windows in a row.",
             f"The peak is a large matrix product on vgg4j's engine in the same run: {peaks}. Memory is the largest a process had.",
             "" if result["compile"] else "torch.compile was left out.", ""]
    lines += [f"- {name}: {case}" for name, case in CASES.items() if any(row["case"] == name for row in result["cases"])]
    lines += ["", *cases(result), "", "## The first step, against PyTorch's in double from the same weights", "", *first_steps(result), "",
              "## Where vgg4j's time goes", "", *kinds(result)]
    missing = [f"- {row['case']} {WORDS[row['precision']]}, {name}: {why}" for row in result["cases"]
               for name, why in row["left_out"].items()]
    lines += ["", "## Left out", "", *missing] if missing else []
    lines += ["", "## Growth", *growth(result)] if result["growth"] else []
    Path(out + ".md").write_text("\n".join(lines) + "\n", encoding="utf-8")
