"""The cases of the benchmark, and the programs that run them."""
import dataclasses
import shlex
from fractions import Fraction
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LAYERS = {
    "vgg11": [64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"],
    "vgg16": [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"],
}


@dataclasses.dataclass(frozen=True)
class Case:
    """A net, a batch and what is repeated: steps of a window."""

    what: str
    arch: str
    width: str
    image_size: int
    batch: int
    steps: int
    warm_up: int
    plain: bool = False
    inference: bool = False

    def changed(self, **changes) -> "Case":
        case = dataclasses.replace(self, **changes)
        return dataclasses.replace(case, what=f"{case.arch} width {case.width}, {case.image_size} px, batch {case.batch}")

    def __str__(self) -> str:
        return self.what

    def vgg_flags(self) -> list:
        flags = ["--arch", self.arch, "--width", self.width, "--image-size", str(self.image_size), "--batch-size",
                 str(self.batch)]
        return flags + (["--no-batch-norm"] if self.plain else ["--batch-norm"])

    def torch_flags(self) -> list:
        flags = ["--arch", self.arch, "--width", self.width, "--image-size", str(self.image_size), "--batch", str(self.batch),
                 "--steps", str(self.steps), "--warm-up", str(self.warm_up)]
        return flags + (["--plain"] if self.plain else [])

    def libtorch_arguments(self) -> list:
        return [f"arch={self.arch}", f"width={float(Fraction(self.width))}", f"size={self.image_size}", f"batch={self.batch}",
                f"iterations={self.steps}", f"warmup={self.warm_up}", f"batchnorm={str(not self.plain).lower()}"]

    def multiply_adds(self) -> int:
        """Of an image: a forward pass, or forward and both gradients; the first layer has no gradient of its input."""
        passes = 1 if self.inference else 3
        channels, side, total, width = 1, self.image_size, 0, Fraction(self.width)
        for item in LAYERS[self.arch]:
            if item == "M":
                side //= 2
                continue
            out = int(item * width)
            of_pass = channels * out * 9 * side * side
            total += of_pass * (passes if channels > 1 or self.inference else 2)
            channels = out
        hidden = int(4096 * width)
        return total + passes * (channels * side * side * hidden + hidden * hidden + hidden * 10)


CASES = {
    "a": Case("VGG16 with batch norm, 224 px, batch 8", "vgg16", "1", 224, 8, 1, 2),
    "b": Case("VGG16 with batch norm, width 1/8, 224 px, batch 64", "vgg16", "1/8", 224, 64, 1, 2),
    "c": Case("VGG11 with batch norm, width 1/8, 32 px, batch 64", "vgg11", "1/8", 32, 64, 100, 300),
    "q": Case("quick: VGG16 with batch norm, width 1/4, 32 px, batch 64", "vgg16", "1/4", 32, 64, 40, 120),
    "p": Case("plain VGG16, 224 px, batch 8", "vgg16", "1", 224, 8, 1, 2, plain=True),
    "d1": Case("inference, VGG16 with batch norm, 224 px, batch 1", "vgg16", "1", 224, 1, 16, 48, inference=True),
    "d8": Case("inference, VGG16 with batch norm, 224 px, batch 8", "vgg16", "1", 224, 8, 4, 8, inference=True),
}

# Least ratio to the best peer, by case and precision.
BOUNDS = {("a", "fp32"): 2.0, ("a", "bf16"): 2.0, ("b", "fp32"): 2.5, ("b", "bf16"): 2.0, ("c", "fp32"): 2.0, ("c", "bf16"): 2.3,
          ("q", "fp32"): 2.0, ("q", "bf16"): 2.0, ("d1", "fp32"): 1.5, ("d1", "bf16"): 1.3, ("d8", "fp32"): 1.25,
          ("d8", "bf16"): 1.1}


def vgg4j(case: Case, precision: str, threads: int) -> str:
    command = [str(ROOT / "vgg"), "benchmark", "--device", "cpu", *case.vgg_flags(), "--precision", precision, "--threads",
               str(threads), "--on-request", "--json", "--steps", str(case.steps), "--warm-up", str(case.warm_up),
               "--repeats", "1000"]
    return shlex.join(command + (["--inference"] if case.inference else []))


@dataclasses.dataclass(frozen=True)
class Peers:
    """What the peers run on: a Python with torch, and the class path of TorchVgg, None when it is not there."""

    python: str
    compiles: bool
    libtorch: str

    def pytorch(self, case: Case, precision: str, threads: int, memory: str, compiled: bool = False) -> str:
        command = [self.python, str(HERE / "torch_worker.py"), *case.torch_flags(), "--precision", precision, "--memory", memory,
                   "--threads", str(threads)]
        command += ["--inference"] if case.inference else []
        return shlex.join(command + (["--compile"] if compiled else []))

    def torch_vgg(self, case: Case, precision: str, threads: int, *more: str) -> list:
        """OpenBLAS's own threads would be in the way of libtorch's."""
        return ["env", "OPENBLAS_NUM_THREADS=1", "java", "-Dorg.bytedeco.javacpp.maxPhysicalBytes=0", "-XX:+UseSerialGC", "-cp",
                self.libtorch, "org.vgg4j.benchmarks.TorchVgg", *case.libtorch_arguments(), f"threads={threads}",
                f"precision={precision}", *more]

    def commands(self, case: Case, precision: str, threads: int) -> dict:
        """Name to command."""
        found = {}
        kinds = ["bf16", "pure-bf16"] if precision == "bf16" and case.inference else [precision]
        for kind in kinds:
            of_kind = ", pure bf16" if kind == "pure-bf16" else ""
            for memory in ("contiguous", "channels_last"):
                found[f"PyTorch eager, {memory}{of_kind}"] = self.pytorch(case, kind, threads, memory)
                if self.compiles:
                    found[f"PyTorch compiled, {memory}{of_kind}"] = self.pytorch(case, kind, threads, memory, True)
                if self.libtorch:
                    found[f"libtorch, {memory}{of_kind}"] = shlex.join(self.torch_vgg(
                        case, kind, threads, f"memory={memory}", f"inference={str(case.inference).lower()}", "windows=on-request"))
        if case.inference and precision == "fp32":
            found["ONNX Runtime"] = shlex.join([self.python, str(HERE / "onnx_worker.py"), *case.torch_flags(), "--threads",
                                                str(threads)])
        return found
