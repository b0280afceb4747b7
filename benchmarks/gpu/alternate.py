"""Times programs in turn, window by window, so that a GPU that gets warm or changes its clock does so for all of them.

    python3 alternate.py [--rounds N] NAME=COMMAND ...

A program gets ready while the others wait, and prints "ready". Then for each line on its standard input it runs one window
of steps and prints the images/s; at the end of its input it prints a line of JSON about itself: ./vgg benchmark --on-request
--json and torch_step.py --on-request do so.

A program that cannot start beside those before it, for want of memory or anything else, is tried again by itself behind them.
Writes a line of JSON for each program: what it said of itself, its windows in their order with median, smallest and largest,
and "alone" with "why_alone". One that ran beside the first has the median, smallest and largest "ratio" of the first's windows to its own, round
by round. One that failed has an "error".
"""
import argparse
import json
import queue
import shlex
import signal
import subprocess
import sys
import tempfile
import threading

START, WINDOW = 240, 120  # seconds that a program may take to get ready, and for anything else


class Failure(Exception):
    """What went wrong with a program."""


class Program:
    start_limit = START

    def __init__(self, name: str, command: str):
        self.name, self.command = name, command
        self.process, self.windows, self.said = None, [], {}

    def start(self) -> None:
        """Returns when the program is ready."""
        self.lines, self.errors, self.windows = queue.Queue(), tempfile.TemporaryFile("w+"), []
        self.process = subprocess.Popen(shlex.split(self.command), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, text=True)
        threading.Thread(target=self.read, args=(self.process.stdout, self.lines), daemon=True).start()
        while self.line(self.start_limit) != "ready":
            pass

    @staticmethod
    def read(stdout, lines: queue.Queue) -> None:
        for line in stdout:
            lines.put(line.strip())
        lines.put(None)

    def line(self, limit: float) -> str:
        try:
            line = self.lines.get(timeout=limit)
        except queue.Empty:
            raise Failure(f"no answer within {limit} s") from None
        if line is None:
            code = self.process.wait()
            self.errors.seek(0)
            last = [text.strip() for text in self.errors if text.strip()][-1:]
            raise Failure(last[0] if last else f"ended with exit code {code}")
        return line

    def window(self) -> None:
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its output has ended as well, and line says why
        line = self.line(WINDOW)
        try:
            self.windows.append(float(line))
        except ValueError:
            raise Failure(f"a window's rate was expected, not {line[:80]}") from None

    def finish(self) -> None:
        self.process.stdin.close()
        line = self.line(WINDOW)
        try:
            self.said = json.loads(line)
        except ValueError:
            raise Failure(f"a line of JSON was expected, not {line[:80]}") from None

    def stop(self) -> None:
        """Also frees its memory on the GPU before the next one starts."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def attempt(what, program: Program, failed: dict) -> bool:
    """Whether it went well; what went wrong is remembered."""
    try:
        what()
        return True
    except (Failure, OSError) as error:
        failed[program.name] = str(error)
        program.stop()
        return False


def run(programs: list, rounds: int, failed: dict) -> list:
    """Runs those that can start beside each other, and returns the others."""
    ready = [program for program in programs if attempt(program.start, program, failed)]
    others = [program for program in programs if program not in ready]
    for _ in range(rounds):
        ready = [program for program in ready if attempt(program.window, program, failed)]
    for program in ready:
        if attempt(program.finish, program, failed):
            program.stop()
    return others


def middle(values: list) -> dict:
    ordered = sorted(values)
    return {"": ordered[len(ordered) // 2], "min": ordered[0], "max": ordered[-1]}


def row(program: Program, first: Program, failed: dict, alone: dict) -> dict:
    """alone: why each program that ran alone did so."""
    result = {"program": program.name, "alone": program.name in alone}
    if program.name in alone:
        result["why_alone"] = alone[program.name][:300]
    if program.name in failed:
        return {**result, "error": failed[program.name][:300]}
    rates = middle(program.windows)
    result.update({**program.said, "windows": program.windows, "images_per_second": rates[""], "min": rates["min"],
                   "max": rates["max"]})
    if not result["alone"] and program is not first and first.name not in failed:
        ratios = middle([one / other for one, other in zip(first.windows, program.windows)])
        result.update({"ratio": round(ratios[""], 3), "ratio_min": round(ratios["min"], 3),
                       "ratio_max": round(ratios["max"], 3)})
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("programs", nargs="+", metavar="NAME=COMMAND")
    arguments = parser.parse_args()
    programs = [Program(*text.split("=", 1)) for text in arguments.programs]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    failed, alone = {}, {}
    try:
        others = run(programs, arguments.rounds, failed)
        for program in others:
            if len(programs) > 1:
                alone[program.name] = failed.pop(program.name)
                run([program], arguments.rounds, failed)
    finally:
        for program in programs:
            program.stop()
    for program in programs:
        print(json.dumps(row(program, programs[0], failed, alone)), flush=True)


if __name__ == "__main__":
    main()
