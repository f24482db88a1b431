"""Measure the loader against its contenders: `python -m benchmarks.load [MB [ROUNDS]]`, see RESULTS.md.

Every contender runs in a process of its own, all of them once in each round, so that what else the machine
does falls on all alike. Prints a table in Markdown: medians of wall time, CPU time and peak memory.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.generate_exports import write_export

SAME_ROWS = ("harvest", "sql", "polars", "msgspec", "orjson", "pandas")


def measure(name: str, folder: Path) -> tuple[float, float, float, list]:
    """Wall and CPU seconds, peak MB, and what the contender printed."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.contenders", name, str(folder)], stdout=subprocess.PIPE, text=True
    )
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status:
        raise SystemExit(f"{name} failed")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, json.loads(output)


def main(megabytes: int, rounds: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        both, one = Path(place) / "both", Path(place) / "one"
        for project in ("b", "c"):
            write_export(both / project / "export.json", project, megabytes * 2**20 // 2)
        (one / "b").mkdir(parents=True)
        os.link(both / "b" / "export.json", one / "b" / "export.json")
        runs = {name: [] for name in names}
        runs |= {"harvest, one file": [], "count, one file": []}
        loads = []
        for _ in range(rounds):
            for run, results in runs.items():
                name, _, is_one = run.partition(",")
                loads.append(os.getloadavg()[0])
                results.append(measure(name, one if is_one else both))
                print(run, *(round(number, 2) for number in results[-1][:3]), file=sys.stderr, flush=True)
        printed = {json.dumps(runs[name][0][3]) for name in SAME_ROWS if name in runs}
        if len(printed) > 1:
            raise SystemExit(f"The contenders do not agree: {printed}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(
        f"{megabytes:,} MB in two files, {rounds} rounds; {os.cpu_count()} cores, {memory:.0f} GB, "
        f"Python {platform.python_version()}; load average {min(loads):.1f} to {max(loads):.1f}.\n"
        f"Rows (annotations, regions, regions of changed predictions) and checksum, the same for "
        f"{', '.join(name for name in SAME_ROWS if name in runs)}: {', '.join(printed)}\n"
    )
    print("| | wall s | CPU s | peak MB | wall ratio | CPU ratio | memory ratio |\n" + "|---" * 7 + "|")
    for run, results in runs.items():
        medians = [statistics.median(result[index] for result in results) for index in range(3)]
        base = runs["harvest, one file" if "," in run else "harvest"]
        ratios = [
            median / statistics.median(result[i] for result in base) for i, median in enumerate(medians)
        ]
        print(
            f"| {run} | {medians[0]:.1f} | {medians[1]:.1f} | {medians[2]:,.0f} | "
            + " | ".join(f"{ratio:.2f}" for ratio in ratios)
            + " |"
        )


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        int(arguments[0]) if arguments else 1024,
        int(arguments[1]) if len(arguments) > 1 else 3,
        arguments[2:] or [name for name in CONTENDERS if name != "count"],
    )
