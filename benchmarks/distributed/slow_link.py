"""Hosts of one machine with a slow network between them, for a kernel without tc's netem; needs root.

slow_link.py NAMES RATE DELAY: makes a network namespace for each of NAMES (a,b,c), with the address 10.77.0.1, .2 and so on, and
carries packets between them, each way at most RATE bits a second and DELAY seconds late. Prints "ready"; ends, and removes them,
when its input ends.
"""
import ctypes
import fcntl
import os
import queue
import struct
import subprocess
import sys
import threading
import time

MTU = 60000  # few large packets, so that this program keeps up
TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def tunnel(namespace: str, address: str) -> int:
    """A device in a namespace, whose packets the returned file has."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as own, open(f"/var/run/netns/{namespace}") as other:
        if libc.setns(other.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        try:
            device = os.open("/dev/net/tun", os.O_RDWR)
            fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", b"slow0", IFF_TUN | IFF_NO_PI))
        finally:
            libc.setns(own.fileno(), CLONE_NEWNET)
    inside = ("-n", namespace)
    ip(*inside, "address", "add", f"{address}/24", "dev", "slow0")
    ip(*inside, "link", "set", "slow0", "mtu", str(MTU), "up")
    ip(*inside, "link", "set", "lo", "up")
    return device


def carry(source: int, outgoing: dict, rate: float, delay: float) -> None:
    """Reads packets of a host; its cable is free again when the last one is through."""
    free = 0.0
    while True:
        packet = os.read(source, MTU)
        free = max(free, time.monotonic()) + len(packet) * 8 / rate
        time.sleep(max(0, free - time.monotonic() - 0.01))  # what a sender has in its queue
        target = outgoing.get(packet[16:20]) if packet[0] >> 4 == 4 else None
        if target:
            target.put((free + delay, packet))


def deliver(target: int, incoming: queue.Queue) -> None:
    while True:
        due, packet = incoming.get()
        wait = due - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        os.write(target, packet)


def main() -> None:
    names, rate, delay = sys.argv[1].split(","), float(sys.argv[2]), float(sys.argv[3])
    outgoing, devices = {}, []
    try:
        for number, name in enumerate(names, 1):
            ip("netns", "add", name)
            devices.append(tunnel(name, f"10.77.0.{number}"))
            outgoing[bytes((10, 77, 0, number))] = queue.Queue()
        for device, incoming in zip(devices, outgoing.values()):
            threading.Thread(target=carry, args=(device, outgoing, rate, delay), daemon=True).start()
            threading.Thread(target=deliver, args=(device, incoming), daemon=True).start()
        print("ready", flush=True)
        sys.stdin.read()
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
