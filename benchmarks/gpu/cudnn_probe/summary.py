#!/usr/bin/env python3
"""Turns graph_probe.jsonl into a short Markdown report: summary.py FILE > report.md. Plain Python, no packages."""
import json
import sys
from collections import defaultdict

# the 13 convolutions of VGG16 at 224 px, by distinct shape
LAYERS = [("1->64@224", 1), ("64->64@224", 1), ("64->128@112", 1), ("128->128@112", 1), ("128->256@56", 1), ("256->256@56", 2),
          ("256->512@28", 1), ("512->512@28", 2), ("512->512@14", 3)]
PADDED = "8->64@224"


def read(path):
    rows, broken = [], 0
    with open(path, errors="replace") as f:
        for line in f:
            try:
                rows.append(json.loads(line))
            except ValueError:
                broken += bool(line.strip())
    return rows, broken


def ok(row, key="ms"):
    return isinstance(row.get(key), (int, float)) and not row.get("error")


def num(v, form="%.3f"):
    return form % v if isinstance(v, (int, float)) else ("-" if v is None else str(v))


def err(v):
    return num(v, "%.1e")


def mib(v):
    return num(v / 1048576 if isinstance(v, (int, float)) else v, "%.0f")


def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for r in rows:
        print("| " + " | ".join(str(c).replace("|", "/") for c in r) + " |")
    print()


def best(rows, key="ms"):
    rows = [r for r in rows if ok(r, key)]
    return min(rows, key=lambda r: r[key]) if rows else None


def sums(title, pick, batch):
    """pick(layer, op) -> ms or None. Says which entries are missing instead of adding up too little silently."""
    total, missing, parts = 0.0, [], defaultdict(float)
    for layer, count in LAYERS:
        for op in ("fwd", "dgrad", "wgrad"):
            if op == "dgrad" and layer == "1->64@224":
                continue
            ms = pick(layer, op)
            if ms is None:
                missing.append(layer + " " + op)
            else:
                total += ms * count
                parts[op] += ms * count
    if not parts:
        return None
    return [title, num(parts["fwd"]), num(parts["dgrad"]), num(parts["wgrad"]), num(total), num(batch * 1000 / total, "%.0f") if total else "-", ", ".join(missing) or "none"]


def main():
    rows, broken = read(sys.argv[1])
    by = defaultdict(list)
    for r in rows:
        by[r.get("kind")].append(r)
    batch = next((r["batch"] for r in by["conv"] + by["legacy"] if r.get("batch", 0) > 2), 64)

    print("# What this GPU does with VGG16's operations\n")
    for d in by["device"][:1]:
        print("%s, compute capability %s, %s SMs, cuDNN %s, cublasLt %s, driver %s, NVRTC %s. Batch %d, 224 px; times in ms, median, cold cache.\n" % (
            d.get("gpu"), d.get("cc"), d.get("sms"), d.get("cudnn"), d.get("cublaslt"), d.get("driver"), d.get("nvrtc"), batch))
    state = ["%s %ss" % (r["stage"], num(r.get("seconds"), "%.0f")) for r in by["end"]]
    print("Stages finished: " + (", ".join(state) or "none") + ".")
    for k in ("fatal", "crash", "watchdog", "skipped", "error"):
        for r in by[k]:
            print("- %s: %s" % (k, {a: b for a, b in r.items() if a not in ("kind", "gpu", "cudnn")}))
    if broken:
        print("- %d lines could not be read" % broken)
    print()

    print("## Ceilings\n")
    bandwidth = None
    for r in by["ceiling"]:
        print("- %s: %s GB/s" % (r["what"], num(r.get("GBps"), "%.0f")))
        bandwidth = r.get("GBps") if ok(r) else None
    for r in by["lt"]:
        if r["what"] == "8192^3":
            print("- matrix product 8192^3 %s: %s TFLOP/s (relative error %s)%s" % (r["precision"], num(r.get("tflops"), "%.0f"), err(r.get("rel_err")), " " + r["error"] if r.get("error") else ""))
    print()

    # ---- convolutions, graph API
    conv = defaultdict(list)
    for r in by["conv"]:
        if r["stage"] != "error":
            conv[(r["precision"], r["layout"], r["op"], r.get("dw", ""), r["layer"])].append(r)
    none = {(r["precision"], r["layout"], r["op"], r.get("dw", ""), r["layer"]): r for r in by["no-plan"] if r["stage"] != "error"}
    legacy = defaultdict(list)
    for r in by["legacy"]:
        if r.get("batch", 0) > 2:
            legacy[(r["precision"], r["layout"], r["op"], r["layer"])].append(r)

    def of(precision, layout, op, dw, layer, deterministic=False):
        c = conv[(precision, layout, op, dw if op == "wgrad" else "", layer)]
        if deterministic:
            c = [r for r in c if "nondeterministic" not in r.get("notes", "")]
        return best(c)

    kinds = [("bf16 NHWC", "bf16", "NHWC", "bf16"), ("bf16 NHWC, dw fp32", "bf16", "NHWC", "fp32"), ("TF32 NHWC", "tf32", "NHWC", "fp32"), ("strict NCHW", "strict", "NCHW", "fp32"), ("strict NHWC", "strict", "NHWC", "fp32")]

    def legacy_best(precision, layout, op, layer):
        return best(legacy[(precision, layout, op, layer)])

    print("## All 13 convolutions of a training step (no gradient for the images)\n")
    out = []

    def first(pick, layer, op):  # the first layer: as it is (1 channel), or padded to 8
        hits = [r["ms"] for r in (pick(layer, op), pick(PADDED, op) if layer == "1->64@224" else None) if r]
        return min(hits) if hits else None

    for title, p, lay, dw in kinds:
        out.append(sums(title, lambda l, o: first(lambda a, b: of(p, lay, b, dw, a), l, o), batch))
    for title, p, lay, dw in kinds:
        out.append(sums(title + ", deterministic by notes", lambda l, o: first(lambda a, b: of(p, lay, b, dw, a, True), l, o), batch))
    for title, p, lay in (("legacy TF32 NCHW, 1 GiB", "default", "NCHW"), ("legacy TF32 NHWC", "default", "NHWC"), ("legacy bf16 NHWC", "bf16", "NHWC"), ("legacy FMA NCHW", "fma", "NCHW"), ("legacy FMA NHWC", "fma", "NHWC")):
        out.append(sums(title, lambda l, o: (legacy_best(p, lay, o, l) or {}).get("ms"), batch))
    table(["", "forward", "dgrad", "wgrad", "all", "images/s at most", "missing"], [r for r in out if r])

    print("## Best plan of each layer\n")
    print("In each field: ms (TFLOP/s), engine, place in cuDNN's list, workspace in MiB if over 1, relative error; N = noted nondeterministic, T = tensor cores, W = Winograd, F = FFT, C = compiled at run time.\n")

    def field(p, lay, op, dw, layer):
        r = of(p, lay, op, dw, layer)
        if not r:
            n = none.get((p, lay, op, dw if op == "wgrad" else "", layer))
            return "none (%s offered) %s" % (n.get("offered"), n.get("error", "")[:60]) if n else ""
        notes = r.get("notes", "")
        marks = "".join(m for m, word in (("N", "nondet"), ("T", "tensor"), ("W", "winograd"), ("F", "fft")) if word in notes) + ("C" if "compiled" in r.get("behaviour", "") else "")
        return "**%s** (%s) e%s %s #%s%s %s" % (num(r["ms"]), num(r["tflops"], "%.0f"), r["engine"], marks, r["rank"], " %s MiB" % mib(r["workspace"]) if r["workspace"] > 1 << 20 else "", err(r.get("rel_err")))

    for title, p, lay, dw in kinds:
        ops = ("wgrad",) if title.endswith("dw fp32") else ("fwd", "dgrad", "wgrad")
        body = [[layer] + [field(p, lay, op, dw, layer) for op in ops] for layer in [PADDED] + [l for l, _ in LAYERS]]
        if any(any(b[1:]) for b in body):
            print("### " + title + "\n")
            table(["layer"] + list(ops), body)

    bad = [r for r in by["conv"] + by["fusion"] if r.get("error") or r.get("not_finite") not in (0, None)]
    if bad:
        print("Plans that failed or left values that are no numbers:\n")
        for r in bad[:30]:
            print("- %s %s %s %s engine %s: not finite %s, %s" % (r.get("precision"), r.get("layout"), r.get("op", r.get("what")), r.get("layer"), r.get("engine"), r.get("not_finite"), r.get("error", "")[:150]))
        print()

    print("## Same bits over ten runs\n")
    moved = [r for r in by["repeat"] if r.get("same_of_10") != 10]
    print("%d of %d best plans gave the same bits ten times.\n" % (len(by["repeat"]) - len(moved), len(by["repeat"])))
    for r in moved:
        print("- %s %s %s %s engine %s: %s of 10, noted %s %s" % (r["precision"], r["layout"], r["op"], r["layer"], r.get("engine"), r.get("same_of_10"), "deterministic" if r.get("noted_deterministic") else "nondeterministic", r.get("error", "")[:120]))
    lucky = [r for r in by["repeat"] if r.get("same_of_10") == 10 and not r.get("noted_deterministic")]
    if lucky:
        print("- noted nondeterministic, yet the same here: " + ", ".join("%s %s %s %s" % (r["precision"], r["layout"], r["op"], r["layer"]) for r in lucky))
    print()

    print("## Error of a small convolution, all elements against double\n")
    small = defaultdict(list)
    for r in by["conv"]:
        if r["stage"] == "error":
            small[(r["precision"], r["layout"], r["op"], r.get("dw", ""))].append(r)
    table(["precision", "op", "engines", "errors", "failed"], [
        ["%s %s" % k[:2], k[2] + (" dw " + k[3] if k[3] else ""), " ".join(str(r["engine"]) for r in v), " ".join(err(r.get("rel_err")) for r in v), sum(1 for r in v if not ok(r))] for k, v in small.items()])
    leg = [r for r in by["legacy"] if r.get("batch", 0) <= 2]
    if leg:
        table(["legacy math", "op", "algo", "mathType", "error", ""], [["%s %s" % (r["precision"], r["layout"]), r["op"], r.get("algo"), r.get("math"), err(r.get("rel_err")), r.get("error", "")[:100]] for r in leg])

    print("## Fusions\n")
    f = defaultdict(list)
    for r in by["fusion"] + by["no-fusion"]:
        f[(r["layer"], r["precision"], r["what"])].append(r)
    body = []
    for (layer, p, what), v in f.items():
        r = best(v)
        base = best(f.get((layer, p, "dgrad" if what.startswith("dgrad") else "conv"), []))
        if not r:
            body.append([layer, p, what, v[0].get("inside"), "no", "", "", "", "", (v[0].get("error") or "offered %s" % v[0].get("offered"))[:100]])
        else:
            body.append([layer, p, what, r["inside"], num(r["ms"]), num(r["ms"] - base["ms"], "%+.3f") if base else "-", r["engine"], num(r["build_ms"], "%.0f"),
                         err(r.get("rel_err")) + (" / " + err(r["stats_err"]) if "stats_err" in r else ""), "%s of 10" % r.get("same_of_10")])
    table(["layer", "precision", "graph", "inside", "ms", "against the plain one", "engine", "build ms", "error / of sums", "same bits"], body)
    if bandwidth:
        print("For comparison, one separate pass (read + write) over a bf16 tensor at copy speed: " + ", ".join(
            "%d@%d %.3f ms" % (c, s, 2e3 * 2 * batch * c * s * s / (bandwidth * 1e9)) for c, s in ((64, 224), (256, 56), (512, 14))) + ".\n")

    print("## Legacy convolutions\n")
    print("In each field: ms, the algorithm and math type that Get guessed and that Find measured as best, workspace in MiB, relative error, and how often of ten runs the bits were the same if not always.\n")

    def old(p, lay, op, layer):
        v = legacy.get((p, lay, op, layer))
        if not v:
            return ""
        say = lambda by_: next((x.get("error", "")[:50] if x.get("error") else "%s/%s" % (x.get("algo"), x.get("math")) for x in v if x["by"] == by_), None)
        r = best(v)
        text = "get " + str(say("get")) + (", find " + say("find") if say("find") else "")
        if not r:
            return "- " + text
        same = r.get("same_of_10")
        return "**%s** %s, %s MiB, %s%s" % (num(r["ms"]), text, mib(r["workspace"]), err(r.get("rel_err")), "" if op == "fwd" or same == 10 else ", same bits %s of 10" % same)

    for p, lay in sorted({k[:2] for k in legacy}):
        print("### %s %s\n" % (p, lay))
        table(["layer", "fwd", "dgrad", "wgrad"], [[layer] + [old(p, lay, op, layer) for op in ("fwd", "dgrad", "wgrad")] for layer, _ in LAYERS])

    print("## Batch norm and pooling (legacy API)\n")
    table(["", "size", "fwd ms", "bwd ms", "fwd GB/s", "bwd GB/s", "same bits fwd, bwd", "reserve MiB", "error"], [
        ["%s %s %s" % (r["precision"], r["layout"], r["what"]), "%s@%s" % (r["channels"], r["size"]), num(r.get("fwd_ms")), num(r.get("bwd_ms")), num(r.get("fwd_GBps"), "%.0f"), num(r.get("bwd_GBps"), "%.0f"),
         "%s, %s" % (r.get("fwd_same_of_10", "-"), r.get("bwd_same_of_10", "-")), mib(r.get("reserve")), (r.get("error", "") + " " + r.get("bwd_error", ""))[:120]] for r in by["bn"] + by["pool"]])
    for r in by["bn-divisor"]:
        biased, unbiased = r.get("running_over_biased"), r.get("running_over_unbiased")
        answer = "?"
        if isinstance(unbiased, (int, float)) and abs(unbiased - 1) < 0.01:
            answer = "n - 1"
        elif isinstance(biased, (int, float)) and abs(biased - 1) < 0.01:
            answer = "n"
        print("- running variance divided by, %s %s %s: %s %s" % (r["precision"], r["layout"], r["what"], answer, r.get("error", "")[:150]))
    print()

    print("## CUDA graph capture\n")
    table(["call", "captured", "nodes", "replays with the eager run's bits", "error"], [[r["what"], "yes" if r.get("captured") else "NO", r.get("nodes", "-"), "%s of 10" % r.get("same_of_10", "-"), r.get("error", "")[:150]] for r in by["capture"]])
    for r in by["populate"]:
        print("- cudnnBackendPopulateCudaGraph, %s, engine %s: status %s %s" % (r["what"], r["engine"], r["status"], r.get("error", "")[:120]))
    print()

    print("## cublasLt at the linear layers (batch %d)\n" % batch)
    plain = {(r["what"], r["precision"], r["out"]): r for r in by["lt"] if r["epilogue"] == "plain"}
    body = []
    for r in by["lt"]:
        if r["what"] == "8192^3":
            continue
        b = plain.get((r["what"], r["precision"], r["out"]))
        extra = num(r["ms"] - b["ms"], "%+.4f") if r["epilogue"] != "plain" and ok(r) and b and ok(b) else ""
        body.append([r["what"], r["precision"], r["epilogue"] + (" (%s vector)" % r["vector"] if "vector" in r else ""), r["out"], r.get("offered"), num(r.get("ms"), "%.4f"), extra, num(r.get("GBps"), "%.0f"),
                     err(r.get("rel_err")) + (" / " + err(r["vector_err"]) if "vector_err" in r else ""), r.get("same_of_10"), (r.get("error") or r.get("try_error") or "")[:100]])
    table(["product", "precision", "epilogue", "out", "results", "ms", "against plain", "GB/s", "error / of vector", "same of 10", ""], body)


if __name__ == "__main__":
    main()
