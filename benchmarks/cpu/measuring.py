"""Programs whose memory is measured, and ceilings."""
import json
import re
import subprocess
from pathlib import Path

import alternate
from programs import ROOT

PEAKS = 3  # measurements of a peak, of which the largest counts: other programs disturb some of them


class Measured(alternate.Program):
    """A program whose largest memory is read while it is still there."""

    peak_mb = None

    def finish(self) -> None:
        super().finish()
        self.peak_mb = self.read_peak() or self.peak_mb

    def window(self) -> None:
        super().window()
        self.peak_mb = self.read_peak() or self.peak_mb

    def read_peak(self):
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
            return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024 // 10**6  # of kiB
        except (OSError, AttributeError):
            return None  # it has ended, or another system


def ceiling(precision: str, threads: int) -> dict:
    """The most of several measurements of a matrix product and of a pass over memory."""
    command = [str(ROOT / "vgg"), "benchmark", "--device", "cpu", "--precision", precision, "--threads", str(threads),
               "--ceilings", "--json"]
    best = {}
    for _ in range(PEAKS):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return {"error": done.stderr.strip()[-200:]}
        best = higher(best, json.loads(done.stdout))
    return best


def higher(one: dict, other: dict) -> dict:
    if "error" in one or "error" in other or not one:
        return other if not one or "error" in one else one
    return {**one, **{key: max(one[key], other[key]) for key in ("gb_per_second", "tflop_per_second")}}
