"""Times PyTorch's training step of the blog's net (VGG16 with batch norm, 1 channel, 10 classes, 224 px) on a GPU.

    python3 torch_step.py [--out FILE.jsonl] [--no-ceilings] [--compile] [--batch N,..] [--width N,..] [--precision NAME,..]
        [--memory NAME,..] [--seconds LIMIT]
    python3 torch_step.py --on-request [--compile] --batch N --width N --precision NAME --memory NAME

Writes one JSON line for each case: images/s (median, smallest and largest of 5 windows of 20 steps, each between two waits for
the GPU) and the largest amount of memory allocated. A step is forward, loss, backward and a fused Adam; images are
random and stay on the device. The first line gives the GPU's ceilings: a large copy and large matrix products.

With --on-request, the same for one case as `./vgg benchmark --on-request`: see alternate.py. To try that without a GPU:
--device cpu --image-size 32 --width 64 --steps 2.
"""
import argparse
import itertools
import json
import sys
import time

import torch
from torch import nn

LAYERS = [64, 64, "M", 128, 128, "M", 256, 256, 256, "M", 512, 512, 512, "M", 512, 512, 512, "M"]
WINDOWS, WARM_UP = 5, 10


def vgg16(divide: int, image_size: int) -> nn.Module:
    layers, channels = [], 1
    for item in LAYERS:
        if item == "M":
            layers.append(nn.MaxPool2d(2, 2))
            continue
        width = item // divide
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
        channels = width
    hidden = 4096 // divide
    head = [nn.Flatten(), nn.Linear(channels * (image_size // 32) ** 2, hidden), nn.ReLU(True), nn.Dropout(0.5),
            nn.Linear(hidden, hidden), nn.ReLU(True), nn.Dropout(0.5), nn.Linear(hidden, 10)]
    return nn.Sequential(*layers, *head)


class Case:
    """A net that was trained for some steps, and goes on window by window."""

    def __init__(self, arguments, precision: str, divide: int, batch: int, memory: str):
        torch.manual_seed(1)
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision != "fp32"
        torch.backends.cudnn.benchmark = True
        device = arguments.device  # not self in what follows: a cycle would keep its memory for the next case
        self.device, self.steps, self.batch = device, arguments.steps, batch
        if device == "cuda":
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        memory_format = torch.channels_last if memory == "channels_last" else torch.contiguous_format
        net = vgg16(divide, arguments.image_size).to(device).to(memory_format=memory_format)
        self.optimizer = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
        loss_function = nn.CrossEntropyLoss()
        x = torch.rand(batch, 1, arguments.image_size, arguments.image_size, device=device)
        x = x.to(memory_format=memory_format)
        y = torch.randint(10, (batch,), device=device)

        def forward_loss():
            with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
                return loss_function(net(x), y)

        self.run = torch.compile(forward_loss) if arguments.compile else forward_loss
        for _ in range(WARM_UP):
            self.step()
        self.wait()

    def step(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self.run().backward()
        self.optimizer.step()

    def wait(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()

    def window(self) -> float:
        """Images/s of the next steps, between two waits for the GPU."""
        start = time.perf_counter()
        for _ in range(self.steps):
            self.step()
        self.wait()
        return self.batch * self.steps / (time.perf_counter() - start)

    def peak_memory(self) -> dict:
        return {"peak_memory_mb": torch.cuda.max_memory_allocated() >> 20} if self.device == "cuda" else {}

    def measure(self) -> dict:
        rates = sorted(self.window() for _ in range(WINDOWS))
        return {"images_per_second": round(rates[WINDOWS // 2], 1), "min": round(rates[0], 1),
                "max": round(rates[-1], 1), **self.peak_memory()}

    def serve(self) -> dict:
        """A window for each line of the standard input."""
        print("ready", flush=True)
        for _ in sys.stdin:
            print(f"{self.window():.3f}", flush=True)
        return self.peak_memory()


def seconds(work, repeats: int = 10) -> float:
    for _ in range(3):
        work()
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(repeats):
        work()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end) / repeats / 1000


def ceilings() -> dict:
    """A copy (bytes read and bytes written) and bf16 and TF32 matrix products of random data."""
    source = torch.rand(1 << 30, device="cuda")
    target = torch.empty_like(source)
    result = {"copy_tb_per_s": round(2 * source.numel() * 4 / seconds(lambda: target.copy_(source)) / 1e12, 2)}
    del source, target
    torch.backends.cuda.matmul.allow_tf32 = True
    for name, dtype in (("bf16", torch.bfloat16), ("tf32", torch.float32)):
        a, b = (torch.randn(8192, 8192, device="cuda", dtype=dtype) for _ in range(2))
        result[name + "_tflops"] = round(2 * 8192 ** 3 / seconds(lambda: a @ b) / 1e12, 1)
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out")
    parser.add_argument("--no-ceilings", action="store_true", help="do not measure the GPU's ceilings first")
    parser.add_argument("--compile", action="store_true", help="torch.compile instead of eager execution")
    parser.add_argument("--batch", default="64")
    parser.add_argument("--width", default="1,8", help="divisors of the channels: 8 is width 1/8")
    parser.add_argument("--precision", default="bf16,tf32,fp32")
    parser.add_argument("--memory", default="channels_last,contiguous")
    parser.add_argument("--on-request", action="store_true", help="one case, a window for each line on standard input")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="cpu only to try this program")
    parser.add_argument("--image-size", type=int, default=224, help="a multiple of 32")
    parser.add_argument("--steps", type=int, default=20, help="in a window")
    parser.add_argument("--seconds", type=float, default=600, help="begin no case after this time")
    arguments = parser.parse_args()
    begin = time.monotonic()

    def say(row: dict) -> None:
        print(json.dumps(row), flush=True)
        if arguments.out:
            with open(arguments.out, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")

    names = (arguments.batch, arguments.width, arguments.precision, arguments.memory)
    cases = list(itertools.product(*(name.split(",") for name in names)))
    if arguments.on_request and len(cases) > 1:
        parser.error("--on-request takes one batch, width, precision and memory")
    if arguments.device == "cuda" and not arguments.on_request:
        say({"gpu": torch.cuda.get_device_name(), "torch": torch.__version__, "cuda": torch.version.cuda,
             "cudnn": torch.backends.cudnn.version(), **({} if arguments.no_ceilings else ceilings())})
    for batch, divide, precision, memory in cases:
        case = {"precision": precision, "width": f"1/{divide}", "batch": int(batch),
                "mode": "compile" if arguments.compile else "eager", "memory": memory}
        if arguments.on_request:
            say({**case, **Case(arguments, precision, int(divide), int(batch), memory).serve()})
            return
        if time.monotonic() - begin > arguments.seconds:
            say({**case, "error": "no time left"})
            continue
        try:
            say({**case, **Case(arguments, precision, int(divide), int(batch), memory).measure()})
        except Exception as error:  # one failing case must not lose the others
            say({**case, "error": str(error)[:300]})


if __name__ == "__main__":
    main()
