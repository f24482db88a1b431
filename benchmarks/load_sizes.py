"""Measure the loader at several sizes, for RESULTS.md: python -m benchmarks.load_sizes [MB [FILES]].

MB is the size of the small export, 1,024 by default; the large one is ten times that. FILES is the number of
files in a folder of one-task files, and in one of one-annotation files. Each load runs in a process of its
own; `again` loads what is loaded already. Prints a table in Markdown.
"""

import gzip
import shutil
import sys
import tempfile
from pathlib import Path

import pyarrow as pa

from benchmarks.generate_exports import write_export, write_parts, write_tasks
from benchmarks.measure import RUNTIME_PYTHON, machine, measure

LOAD = """
import json, sys
from harvest.loader import load
report = load([sys.argv[1]], database=sys.argv[2])
print(json.dumps([sum(counts.tasks for counts in report.projects), report.unchanged_files]))
"""


def main(megabytes: int, files: int) -> None:
    print(f"{machine()}; memory_limit 256 MB\n")
    print("| | MB on disk | tasks | wall s | CPU s | MB/s | peak MB |\n" + "|---" * 7 + "|")
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        plain = root / "plain" / "b" / "export.json"
        write_export(plain, "b", megabytes * 2**20)
        show("one file", plain, root)
        show("the same again", plain, root, is_again=True)
        packed = root / "gz" / "b" / "export.json.gz"
        packed.parent.mkdir(parents=True)
        with plain.open("rb") as source, gzip.open(packed, "wb", compresslevel=1) as target:
            shutil.copyfileobj(source, target, 2**20)
        show(".gz", packed, root)
        packed = root / "zst" / "b" / "export.json.zst"
        packed.parent.mkdir(parents=True)
        with plain.open("rb") as source, pa.output_stream(packed, compression="zstd") as target:
            shutil.copyfileobj(source, target, 2**20)
        show(".zst", packed, root)
        plain.unlink()
        for name, write in (("one-task files", write_tasks), ("one-annotation files", write_parts)):
            folder = root / "folder" / "c"
            write(folder, "c", files)
            show(f"{files:,} {name}", folder, root)
            show("the same again", folder, root, is_again=True)
            shutil.rmtree(folder)
        write_export(plain, "b", 10 * megabytes * 2**20)
        show("one file, ten times as large", plain, root)


def show(title: str, path: Path, root: Path, *, is_again: bool = False) -> None:
    """Load and print one row; a new database unless `is_again`."""
    database = root / "harvest.duckdb"
    if not is_again:
        database.unlink(missing_ok=True)
    result = measure([RUNTIME_PYTHON, "-c", LOAD, str(path), str(database)])
    places = path.iterdir() if path.is_dir() else [path]
    size = sum(each.stat().st_size for each in places) / 2**20
    tasks, _unchanged = result.printed
    print(
        f"| {title} | {size:,.0f} | {tasks:,} | {result.wall_s:.1f} | {result.cpu_s:.1f} | "
        f"{size / result.wall_s:,.0f} | {result.peak_mb:,.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    arguments = [int(argument) for argument in sys.argv[1:]]
    main(arguments[0] if arguments else 1024, arguments[1] if len(arguments) > 1 else 100_000)
