"""Run one contender in a process of its own and measure it."""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """What a process used, and what it printed.

    Attributes:
        wall_s: Seconds from its start to its end.
        cpu_s: Its CPU seconds, user and system.
        peak_mb: Its largest resident set, 2^20 bytes.
        printed: The JSON document it printed.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    printed: Any


def measure(command: Sequence[str]) -> Measurement:
    """Run a command that prints one JSON document; one that fails ends the benchmark."""
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed")
    return Measurement(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(output))
