"""Measure the loader against its contenders for RESULTS.md: python -m benchmarks.load [MB [ROUNDS [NAME…]]].

Every contender runs in a process of its own, all of them once in each round, so that what else the machine
does falls on all alike. Prints a table in Markdown: medians of wall time, CPU time and peak memory.
"""

import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.contenders import CONTENDERS
from benchmarks.generate_exports import write_export
from benchmarks.measure import RUNTIME_PYTHON, Measurement, machine, measure

IN_RUNTIME = ("harvest", "sql", "count")
SAME_ROWS = ("harvest", "sql", "polars", "msgspec", "orjson", "pandas")


def main(megabytes: int, rounds: int, names: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        both, one = Path(place) / "both", Path(place) / "one"
        for project in ("b", "c"):
            write_export(both / project / "export.json", project, megabytes * 2**20 // 2)
        write_export(one / "b" / "export.json", "b", megabytes * 2**20)
        runs: dict[str, list[Measurement]] = {name: [] for name in names}
        runs |= {"harvest, one file": [], "count, one file": []}
        loads = []
        for _ in range(rounds):
            for run, results in runs.items():
                name, _, is_one = run.partition(",")
                loads.append(os.getloadavg()[0])
                python = RUNTIME_PYTHON if name in IN_RUNTIME else sys.executable
                command = [python, "-m", "benchmarks.contenders", name, str(one if is_one else both)]
                results.append(measure(command))
                print(run, results[-1], file=sys.stderr, flush=True)
        printed = {json.dumps(runs[name][0].printed) for name in SAME_ROWS if name in runs}
        if len(printed) > 1:
            raise SystemExit(f"The contenders do not agree: {printed}")
    print(
        f"{megabytes:,} MB in two files, or in one; {rounds} rounds, medians; {machine()}; "
        f"load average {min(loads):.1f} to {max(loads):.1f}.\n"
        f"Rows (annotations, regions, regions of changed predictions) and checksum, the same for "
        f"{', '.join(name for name in SAME_ROWS if name in runs)}: {', '.join(printed)}\n"
    )
    print("| | wall s | CPU s | peak MB | wall ratio | CPU ratio | memory ratio |\n" + "|---" * 7 + "|")
    for run, results in runs.items():
        medians = _medians(results)
        base = _medians(runs["harvest, one file" if "," in run else "harvest"])
        ratios = [median / of_harvest for median, of_harvest in zip(medians, base, strict=True)]
        print(
            f"| {run} | {medians[0]:.1f} | {medians[1]:.1f} | {medians[2]:,.0f} | "
            + " | ".join(f"{ratio:.2f}" for ratio in ratios)
            + " |"
        )


def _medians(results: list[Measurement]) -> list[float]:
    return [
        statistics.median(getattr(result, figure) for result in results)
        for figure in ("wall_s", "cpu_s", "peak_mb")
    ]


if __name__ == "__main__":
    arguments = sys.argv[1:]
    main(
        int(arguments[0]) if arguments else 1024,
        int(arguments[1]) if len(arguments) > 1 else 3,
        arguments[2:] or [name for name in CONTENDERS if name != "count"],
    )
