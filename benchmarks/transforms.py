"""Measure the models' two large jobs against polars and pandas: `python -m benchmarks.transforms`.

    --frames N,N,N   sizes of the timelines, frames of all segments   (3, 10 and 30 million)
    --points N,N,N   sizes of the keypoints                           (4.2, 14 and 42 million)
    --rounds N       rounds, each with every contender once           (3)
    --build          also run the whole `dbt build` at the smallest size, publishing included

Timelines: from the staged regions to the sorted parquet of training set A. Keypoint pairs: from `keypoints`
to `keypoint_pairs` and `review_pairs`. What comes before is built once and not measured; the others get it as
parquet. Every contender runs in a process of its own; all agree on their rows, or the benchmark ends. Prints
Markdown: medians of the job's wall and CPU seconds without imports, the process's peak memory, and ratios to
the models.
"""

import argparse
import json
import math
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.measure import machine, measure
from benchmarks.transform_contenders import CONTENDERS

ROOT = Path(__file__).parents[1]
OTHERS = ROOT / ".venv-benchmarks/bin/python"  # has polars and pandas

TIMELINES = (
    *("timeline_ranges", "timeline_segments", "segment_weights", "segment_ramps", "timeline_stretches"),
    *("stretch_labels", "stretch_weights", "crowded_frame_weights", "frame_weights", "label_ranks"),
    "training_set_a",
)
PAIRS = ("keypoint_pairs", "review_pairs")
# as macros/publish/export.sql publishes training set A
PUBLISH = (
    "copy (select * from {relation} order by episode_key nulls last, view nulls last, frame_idx nulls last, "
    "label nulls last) to '{file}' (format parquet, compression zstd)"
)
SORT_MEMORY = "384MB"

CHECKS = {
    "timelines": """select count(*), sum(frame_idx), sum(label_rank), sum(segment_start), sum(segment_end),
        sum(list_sum(annotation_ids)), sum(cast(round(weight * 1e6) as bigint)),
        sum(cast(round(confidence * 1e6) as bigint)), bit_xor(hash(episode_key, frame_idx, label, label_rank))
        from {result}""",
    "keypoint pairs": """select count(*), sum(matched_points), sum(unmatched_points),
        sum(cast(round(disagreement_px * 1e6) as bigint)), sum(point_tier) from {result}""",
    "expansion alone": """select count(*), sum(frame_idx), sum(cast(round(weight * 1e6) as bigint))
        from {result}""",
}


@dataclass(frozen=True)
class Size:
    """One size of a job, prepared.

    Attributes:
        rows: Frames or points.
        folder: What the contenders work in.
        pairs: The relation `review_pairs`.
    """

    rows: int
    folder: Path
    pairs: str


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function in a process of its own: contenders would inherit this one's size as their peak."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def compile_jobs(folder: Path) -> None:
    """Write `<job>.json`: the statements of the job's models and all they need, in a database `harvest`."""
    sys.path.append(str(ROOT / "tests/python"))
    from benchmarks.generate_staging import write_staging
    from compiled_models import compile_models

    database = folder / "compile/harvest.duckdb"
    database.parent.mkdir()
    write_staging(database, 10_000, 1_000)
    targets = {"timelines": ["training_set_a"], "keypoint pairs": ["review_pairs"]}
    for job, wanted in targets.items():
        models = compile_models({}, database, folder / f"compile/{job}", wanted)
        text = json.dumps({"statements": models.statements, "relations": models.relations})
        (folder / f"{job}.json").write_text(text, encoding="utf-8")


def name_of(statement: str) -> str:
    """Name of the relation that a statement of the models creates."""
    return statement.partition(" as\n")[0].split(".")[-1].strip('"')


def prepare(job: str, rows: int, folder: Path, compile_folder: Path) -> Size:
    """Stage that many rows, build all models, and write the others' input."""
    import duckdb

    from benchmarks.generate_staging import write_staging

    folder.mkdir()
    models = json.loads((compile_folder / f"{job}.json").read_text(encoding="utf-8"))
    is_timelines = job == "timelines"
    write_staging(folder / "harvest.duckdb", rows if is_timelines else 0, 0 if is_timelines else rows)
    statements = {name_of(statement): statement for statement in models["statements"]}
    measured = {name: statements[name] for name in (TIMELINES if is_timelines else PAIRS)}
    relations = models["relations"]
    with duckdb.connect(str(folder / "harvest.duckdb")) as connection:
        connection.execute("set preserve_insertion_order = false")
        for statement in models["statements"]:
            connection.execute(statement)

        def write(name: str, query: str) -> int:
            connection.execute(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")
            return connection.execute(f"select count(*) from '{folder / name}.parquet'").fetchone()[0]

        if is_timelines:
            write("regions", "select task_id, annotation_id, labels, ranges from label_studio.regions")
            write(
                "reviews",
                f"""select place_id, review_id, task_id, annotation_id, reviewer_count, episode_key, view,
                place_media as media, n_frames, record
                from {relations["reviews"]}
                inner join {relations["review_records"]} using (review_id, place_id)""",
            )
            measured["memory for sorting"] = f"set memory_limit = '{SORT_MEMORY}'"
            measured["publish"] = PUBLISH.format(
                relation=relations["training_set_a"], file=folder / "result.parquet"
            )
            rows = connection.execute(
                f"select sum(segment_end - segment_start + 1) from {relations['timeline_segments']}"
            ).fetchone()[0]
        else:
            rows = write("keypoints", f"select * from {relations['keypoints']}")
    job_file = {"statements": measured, "relations": relations}
    (folder / "statements.json").write_text(json.dumps(job_file), encoding="utf-8")
    return Size(int(rows), folder, relations.get("review_pairs", ""))


def result_of(job: str, contender: str, size: Size) -> tuple | None:
    """What a contender's result comes to; none for a scan, which has no result."""
    import duckdb

    if contender == "group-by scan":
        return None
    if job == "keypoint pairs" and contender.startswith("models"):
        with duckdb.connect(str(size.folder / "harvest.duckdb"), read_only=True) as connection:
            return connection.execute(CHECKS[job].format(result=size.pairs)).fetchone()
    file = size.folder / "result.parquet"
    result = duckdb.execute(CHECKS[job].format(result=f"'{file}'")).fetchone()
    file.unlink()
    return result


def run(job: str, size: Size, rounds: int) -> dict[str, dict[str, float]]:
    """Medians of every contender at one size."""
    runs: dict[str, list] = {name: [] for name in CONTENDERS[job]}
    results = {}
    for _ in range(rounds):
        for name, found in runs.items():
            python = OTHERS if name.startswith(("polars", "pandas")) else sys.executable
            command = [str(python), "-m", "benchmarks.transform_contenders", job, name, str(size.folder)]
            found.append(measure(command))
            results[name] = apart(result_of, job, name, size)
            printed = found[-1].printed
            print(f"{size.rows:,} {name}: {printed['seconds']:.2f} s", file=sys.stderr, flush=True)
    compared = {result for result in results.values() if result is not None}
    if len(compared) > 1:
        raise SystemExit(f"The contenders do not agree: {results}")
    print(f"\n{job}, {size.rows:,} rows; all agree: {', '.join(map(str, compared.pop()))}\n")
    medians = {
        name: {
            "wall": statistics.median(each.printed["seconds"] for each in found),
            "cpu": statistics.median(each.printed["cpu"] for each in found),
            "peak": statistics.median(each.peak_mb for each in found),
        }
        for name, found in runs.items()
    }
    base = medians[next(iter(medians))]
    print("| | wall s | CPU s | peak MB | wall ratio | CPU ratio | memory ratio |\n" + "|---" * 7 + "|")
    for name, found in medians.items():
        ratios = " | ".join(f"{found[key] / base[key]:.2f}" for key in ("wall", "cpu", "peak"))
        print(f"| {name} | {found['wall']:.2f} | {found['cpu']:.1f} | {found['peak']:,.0f} | {ratios} |")
    parts = {}
    for name in runs[next(iter(runs))][0].printed["parts"]:
        seconds = [each.printed["parts"][name] for each in runs[next(iter(runs))]]
        parts[name] = statistics.median(seconds)
    if parts:
        print("\nParts: " + ", ".join(f"{name} {seconds:.2f} s" for name, seconds in parts.items()))
    sys.stdout.flush()
    return medians


def print_growth(job: str, sizes: list[Size], medians: list[dict[str, dict[str, float]]]) -> None:
    """Exponent k of time ~ rows^k between the smallest and the largest size."""
    if len(sizes) == 1:
        return
    growth = math.log(sizes[-1].rows / sizes[0].rows)
    print(f"\n{job}: growth from {sizes[0].rows:,} to {sizes[-1].rows:,} rows, exponents\n")
    print("| | wall | CPU | memory |\n|---|---|---|---|")
    for name in medians[0]:
        exponents = [
            math.log(medians[-1][name][key] / medians[0][name][key]) / growth for key in medians[0][name]
        ]
        print(f"| {name} | " + " | ".join(f"{exponent:.2f}" for exponent in exponents) + " |")


def stage(database: Path, frames: int, points: int) -> None:
    """Write the staging tables."""
    from benchmarks.generate_staging import write_staging

    write_staging(database, frames, points)


def build(frames: int, points: int, folder: Path) -> None:
    """Time the whole `dbt build` of a version."""
    folder.mkdir()
    apart(stage, folder / "harvest.duckdb", frames, points)
    names = {"HARVEST_DATABASE": "harvest.duckdb", "HARVEST_TRAINING_SETS": "training_sets"}
    os.environ |= {name: str(folder / value) for name, value in names.items()}
    dbt = "import json, sys; from dbt.cli.main import dbtRunner; "
    dbt += "print(json.dumps(dbtRunner().invoke(sys.argv[1:]).success))"
    places = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    places += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    arguments = ["--quiet", "build", "--exclude-resource-type", "unit_test", "--vars", "version: 1", *places]
    found = measure([sys.executable, "-c", dbt, *arguments])
    print(
        f"| {frames:,} frames, {points:,} points | {found.wall_s:.0f} | {found.cpu_s:.0f} "
        f"| {found.peak_mb:,.0f} | {'published' if found.printed else 'failed'} |",
        flush=True,
    )


def main(arguments: argparse.Namespace) -> None:
    """Prepare, measure and print everything, one size at a time so that one lies on the disk."""
    print(f"{machine()}, DuckDB {version('duckdb')}; {arguments.rounds} rounds")
    with tempfile.TemporaryDirectory(dir=arguments.folder) as place:
        apart(compile_jobs, Path(place))
        for job, rows in (("timelines", arguments.frames), ("keypoint pairs", arguments.points)):
            jobs = [job, "expansion alone"] if job == "timelines" else [job]
            sizes, found = [], {job: [] for job in jobs}
            for number, wanted in enumerate(rows):
                folder = Path(place) / f"{job} {number}".replace(" ", "_")
                sizes.append(apart(prepare, job, wanted, folder, Path(place)))
                for each in jobs:
                    found[each].append(run(each, sizes[-1], arguments.rounds))
                shutil.rmtree(folder)
            for each in jobs:
                print_growth(each, sizes, found[each])
        if arguments.build:
            print("\nThe whole `dbt build`, publishing included\n")
            print("| | wall s | CPU s | peak MB | |\n|---|---|---|---|---|")
            folder = Path(place) / "build"
            build(min(arguments.frames), min(arguments.points), folder)


def numbers(text: str) -> list[int]:
    """Numbers of a list such as 3e6,10e6."""
    return [round(float(number)) for number in text.split(",")]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="benchmarks.transforms", description="Measure the models' large jobs."
    )
    parser.add_argument("--frames", type=numbers, default=[3_000_000, 10_000_000, 30_000_000])
    parser.add_argument("--points", type=numbers, default=[4_200_000, 14_000_000, 42_000_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="where the databases may lie; a few GB")
    parser.add_argument("--build", action="store_true")
    main(parser.parse_args())
