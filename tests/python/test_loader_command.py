"""`harvest load` as a user meets it: which files, which copy of a task, what is said, what stays."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harvest.errors import HarvestError
from harvest.loader import load
from loading import EXAMPLES, Loaded, annotation, load_paths, load_tasks, point, run, task, write_export

EXPORT = EXAMPLES / "exports" / "b" / "export_all_tasks.json"


def message(*arguments: str | Path, folder: Path) -> str:
    """The one error of a `harvest load` that must fail."""
    result = run("load", *arguments, "--database", folder / "harvest.duckdb")
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output
    return result.output.removeprefix("Error: ")


# Which files, and which project


def test_the_table_a_person_reads(tmp_path: Path) -> None:
    result = run("load", EXAMPLES / "exports", "--database", tmp_path / "harvest.duckdb")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[-4:] == [
        "project files tasks annotations drafts predictions regions rejected older",
        "a 1 23 23 3 9 73 0 0",
        "b 1 31 45 3 30 861 0 0",
        "c 1 30 43 3 29 1,223 0 0",
    ]


def test_quiet_prints_nothing_when_all_is_well(tmp_path: Path) -> None:
    result = run("load", EXAMPLES / "exports", "-q", "--database", tmp_path / "harvest.duckdb")
    assert (result.exit_code, result.output) == (0, "")


def test_the_database_comes_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARVEST_DATABASE", str(tmp_path / "mine.duckdb"))
    assert run("load", EXPORT).exit_code == 0
    assert (tmp_path / "mine.duckdb").exists()


def test_a_folder_is_searched_to_any_depth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (
        "a/x.json",
        "b/2026/11/y.jsonl",
        "b/2026/z.json.gz",
        "c/12",
        "c/w.ndjson",
        "c/q\n'\" 抓.json",
    ):
        write_export(tmp_path / "exports" / name, [task(hash(name) % 1000)])
    (tmp_path / "exports/b/2026/z.json.gz").write_bytes(gzip.compress(json.dumps([task(2000)]).encode()))
    for name in ("a/project.json", "c/.hidden.json", ".git/a/v.json", "a/notes.txt", "c/frame.png"):
        write_export(tmp_path / "exports" / name, {})
    (tmp_path / "exports" / "a" / "loop").symlink_to(tmp_path / "exports")
    (tmp_path / "exports" / "a" / "gone.json").symlink_to(tmp_path / "nothing")
    loaded = load_paths(tmp_path / "harvest.duckdb", Path("exports"))
    assert sorted(loaded.rows("exports", "project, path")) == [
        ("a", "exports/a/x.json"),
        ("b", "exports/b/2026/11/y.jsonl"),
        ("b", "exports/b/2026/z.json.gz"),
        ("c", "exports/c/12"),
        ("c", "exports/c/q\n'\" 抓.json"),
        ("c", "exports/c/w.ndjson"),
    ]


def test_a_file_named_twice_is_loaded_once(tmp_path: Path) -> None:
    write_export(tmp_path / "b" / "x.json", [task()])
    (tmp_path / "b" / "y.json").symlink_to(tmp_path / "b" / "x.json")
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path / "b", tmp_path / "b" / "x.json", tmp_path)
    assert len(loaded.rows("exports")) == 1


@pytest.mark.parametrize(
    ("name", "options", "project"),
    [
        ("a/x.json", [], "a"),
        ("a/b/2026/x.json", [], "b"),
        ("project_c_nightly.json", [], "c"),
        ("a/project_c.json", [], "a"),
        ("a/x.json", ["c={folder}/a/x.json"], "c"),
        ("a/x.json", ["c={folder}/a"], "c"),
        ("a/x.json", ["c={folder}", "b={folder}/a"], "b"),
        ("x/y.json", ["c={folder}/x/"], "c"),
    ],
)
def test_the_project_of_a_file(name: str, options: list[str], project: str, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    path = write_export(folder / name, [task()])
    database = tmp_path / "harvest.duckdb"
    arguments = [part for option in options for part in ("--project", option.format(folder=folder))]
    result = run("load", path, *arguments, "--database", database)
    assert result.exit_code == 0, result.output
    with duckdb.connect(str(database)) as connection:
        assert connection.execute("select project, path from label_studio.exports").fetchall() == [
            (project, str(path))
        ]


def test_project_json_counts_in_its_own_folder_only(tmp_path: Path) -> None:
    settings = {"maximum_annotations": 3, "overlap_cohort_percentage": 50, "skip_queue": "IGNORE_SKIPPED"}
    write_export(tmp_path / "b" / "project.json", settings)
    write_export(tmp_path / "b" / "x.json", [task(1)])
    write_export(tmp_path / "b" / "deeper" / "y.json", [task(2)])
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path)
    columns = "maximum_annotations, overlap_cohort_percentage, skip_queue, path"
    assert loaded.rows("exports", columns) == [
        (3, 50.0, "IGNORE_SKIPPED", str(tmp_path / "b" / "x.json")),
        (None, None, None, str(tmp_path / "b" / "deeper" / "y.json")),
    ]


# Which copy of a task


def copy(number: int, updated_at: object, x: float, **fields: Any) -> dict[str, Any]:
    result = [point("p", x)]
    prediction = {"id": 5, "result": [point("p", x + 1)]}
    return task(
        number,
        [annotation(number, result, prediction=prediction)],
        updated_at=updated_at,
        drafts=[number],
        predictions=[number],
        **fields,
    )


EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


@pytest.mark.parametrize("batch_bytes", [1, 2**26])
@pytest.mark.parametrize(
    ("first", "last", "winner"),
    [
        (EARLY, LATE, 2.0),
        (LATE, EARLY, 1.0),
        (EARLY, EARLY, 2.0),
        (None, None, 2.0),
        (EARLY, None, 1.0),
        (None, EARLY, 2.0),
        ("2026-01-01T02:00:00+02:00", EARLY, 2.0),
        ("2026-01-01T00:00:00-01:00", EARLY, 1.0),
    ],
)
def test_the_latest_copy_of_a_task_wins(
    first: object,
    last: object,
    winner: float,
    batch_bytes: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("harvest.loader.batches.BATCH_BYTES", batch_bytes)
    write_export(tmp_path / "b" / "1.json", [copy(1, first, 1.0), copy(2, EARLY, 7.0)])
    write_export(tmp_path / "b" / "2.json", [copy(3, EARLY, 8.0), copy(1, last, 2.0)])
    write_export(tmp_path / "c" / "1.json", [copy(1, EARLY, 9.0)])
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path)
    rows = loaded.rows("regions", "project, task_id, x")
    assert rows == [("b", 1, winner), ("b", 2, 7.0), ("b", 3, 8.0), ("c", 1, 9.0)]
    rows = loaded.rows("prediction_regions", "project, task_id, x")
    assert rows == [("b", 1, winner + 1), ("b", 2, 8.0), ("b", 3, 9.0), ("c", 1, 10.0)]
    for table in ("tasks", "annotations", "drafts", "predictions"):
        assert [row[:2] for row in loaded.rows(table)] == [("b", 1), ("b", 2), ("b", 3), ("c", 1)]
    lost = 2 if winner == 1.0 else 1
    counts = loaded.rows("exports", "export_id, task_count, loaded_task_count, superseded_task_count")
    assert counts == [
        (1, 2, 2 - (lost == 1), int(lost == 1)),
        (2, 2, 2 - (lost == 2), int(lost == 2)),
        (3, 1, 1, 0),
    ]


@pytest.mark.parametrize("batch_bytes", [1, 2**26])
def test_the_last_copy_in_one_file_wins(
    batch_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harvest.loader.batches.BATCH_BYTES", batch_bytes)
    monkeypatch.setattr("harvest.loader.split.WINDOW_BYTES", 1000)
    loaded = load_tasks(
        tmp_path, copy(1, EARLY, 1.0), copy(2, EARLY, 5.0), copy(1, EARLY, 2.0), copy(1, None, 3.0)
    )
    assert loaded.rows("regions", "task_id, x") == [(1, 2.0), (2, 5.0)]
    assert loaded.row("exports", "task_count, loaded_task_count, superseded_task_count") == (4, 2, 2)


def test_many_copies_of_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvest.loader.batches.BATCH_BYTES", 100_000)
    monkeypatch.setattr("harvest.loader.split.WINDOW_BYTES", 30_000)
    for name in ("1.json", "2.json", "3/4.json"):
        (tmp_path / "b" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXPORT, tmp_path / "b" / name)
    copies = load_paths(tmp_path / "copies.duckdb", tmp_path)
    single = load_paths(tmp_path / "single.duckdb", EXPORT)
    for table in ("annotations", "drafts", "predictions", "regions", "prediction_regions"):
        assert copies.rows(table) == single.rows(table), table
    assert copies.rows("exports", "superseded_task_count") == [(0,), (31,), (31,)]
    assert copies.report.projects[0].superseded == 62


@pytest.mark.parametrize("batch_bytes", [1, 2**26])
def test_one_id_with_different_media_stops_the_load(
    batch_bytes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harvest.loader.batches.BATCH_BYTES", batch_bytes)
    first = write_export(tmp_path / "b" / "1.json", [task(7, data={"image": "01_001_ego_f000423.png"})])
    other = write_export(tmp_path / "b" / "2.json", [task(7, data={"image": "01_002_ego_f000423.png"})])
    error = message(tmp_path, folder=tmp_path)
    assert error.startswith("Project b, task 7 shows 01_00")
    assert str(first) in error
    assert str(other) in error
    assert "two servers' exports" in error
    assert not (tmp_path / "harvest.duckdb").exists()


@pytest.mark.parametrize(
    ("media", "other"),
    [
        ("/data/local-files/?d=frames/01%20001.png", "/data/local-files/?d=frames/01 001.png"),
        ("/data/upload/6/d868cf6f-01_001_ego.png", "/data/upload/6/aaaaaaaa-01_001_ego.png"),
        ("/data/upload/6/d868cf6f-01_001_ego.png", "https://server/data/upload/6/d868cf6f-01_001_ego.png"),
        ("x.png", None),
    ],
)
def test_one_media_written_in_two_ways_is_one_task(media: str, other: str | None, tmp_path: Path) -> None:
    write_export(tmp_path / "b" / "1.json", [task(7, data={"image": media})])
    write_export(tmp_path / "b" / "2.json", [task(7, data={"image": other})])
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path)
    assert loaded.rows("tasks", "task_id, media") == [(7, other)]


# Replacing what was loaded


def test_a_load_replaces_the_one_before(tmp_path: Path) -> None:
    load_tasks(tmp_path, task(1), task(2))
    again = load_tasks(tmp_path, task(3))
    assert again.rows("tasks", "task_id") == [(3,)]
    assert len(again.rows("exports")) == 1


def test_loading_twice_gives_the_same(tmp_path: Path) -> None:
    first = load_paths(tmp_path / "harvest.duckdb", EXAMPLES / "exports").everything()
    assert load_paths(tmp_path / "harvest.duckdb", EXAMPLES / "exports").everything() == first


def test_a_failed_load_changes_nothing(tmp_path: Path) -> None:
    before = load_tasks(tmp_path, task(1)).everything()
    broken = write_export(tmp_path / "c" / "min.json", [{"id": 1, "annotator": 5}])
    with pytest.raises(HarvestError):
        load([EXPORT, broken], database=tmp_path / "harvest.duckdb")
    with pytest.raises(HarvestError):
        load([tmp_path / "nowhere"], database=tmp_path / "harvest.duckdb")
    loaded = Loaded(tmp_path / "harvest.duckdb", None)
    assert loaded.everything() == before


# Errors, each one message


def test_no_exports_named(tmp_path: Path) -> None:
    assert message(folder=tmp_path) == "No exports named. Name files or folders: harvest load exports/\n"


def test_no_exports_found(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    error = message(tmp_path / "empty", folder=tmp_path)
    assert error.startswith(f"No exports found under {tmp_path / 'empty'}. An export is a .json, ")


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    error = message(tmp_path / "typo.json", folder=tmp_path)
    assert error == f"{tmp_path / 'typo.json'} does not exist. Name export files or folders that hold them.\n"


def test_unknown_project(tmp_path: Path) -> None:
    path = write_export(tmp_path / "export.json", [task()])
    assert message(path, folder=tmp_path) == (
        f"{path}: which project is it of? Say --project a={path} (or b, c), put it in a folder named a, b or "
        "c, or start its name with project_a, project_b or project_c.\n"
    )
    assert message("--project", f"d={path}", folder=tmp_path) == (
        "Unknown project 'd': a project is a, b or c, as in --project a=PATH.\n"
    )
    assert message("--project", path, folder=tmp_path) == (
        f"--project {path}: write it as --project a=PATH (or b=PATH, c=PATH).\n"
    )


@pytest.mark.parametrize("name", ["a_export_json_min.json", "b_export_json_min.json"])
def test_json_min(name: str, tmp_path: Path) -> None:
    path = EXAMPLES / "flavours" / name
    error = message("--project", f"{name[0]}={path}", folder=tmp_path)
    assert error.startswith(f"{path} is a JSON_MIN export: it has lost skips, drafts, predictions")
    assert "choose Export > JSON, or save the answer to GET /api/projects/ID/export?exportType=JSON" in error


CSV = "image,id,annotator,annotation_id\nx.png,1,5,7\n"
COCO = {
    "images": [{"id": 1}],
    "categories": [],
    "annotations": [{"id": 1, "image_id": 1, "bbox": [1, 2, 3, 4]}],
}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("export.csv", CSV, "is a table (CSV or TSV)"),
        ("export.tsv", CSV, "is a table (CSV or TSV)"),
        ("renamed.json", "image,id,lead_time\nx.png,1,5\n", "is a table (CSV or TSV)"),
        ("result.json", json.dumps(COCO), "is a COCO or YOLO export"),
        ("result.json", json.dumps(COCO, indent=2), "is a COCO or YOLO export"),
        ("notes.json", '{"categories": [{"id": 0, "name": "x"}], "info": {}}', "is a COCO or YOLO export"),
        ("tasks.json", '[{"id": 1, "data": {"image": "x.png"}}]', "holds tasks without their annotations"),
        ("tasks.json", '{"tasks": [{"id": 1, "data": {}}]}', "holds tasks without their annotations"),
        ("numbers.json", "[1, 2, 3]", "is JSON, but no Label Studio export"),
        ("numbers.json", "{}", "is JSON, but no Label Studio export"),
        ("numbers.json", "7", "is no JSON"),
        ("empty.json", "", "is empty"),
        ("blank.json", " \n", "is empty"),
        ("text.json", "hello", "is no JSON"),
        ("page.json", "<html><body>Log in</body></html>", "is no JSON"),
    ],
)
def test_what_is_no_export_is_refused(name: str, content: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "b" / name
    path.parent.mkdir()
    path.write_text(content, encoding="utf-8")
    error = message(path, folder=tmp_path)
    assert error.startswith(f"{path} {expected}")
    assert "choose Export > JSON" in error


def test_a_truncated_file_loads_what_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "b" / "export.json"
    path.parent.mkdir()
    path.write_bytes(EXPORT.read_bytes()[:200_000])
    database = tmp_path / "harvest.duckdb"
    result = run("load", path, "--database", database)
    assert result.exit_code == 0
    assert "NOT LOADED: 1 task, kept in label_studio.quarantine." in result.output
    assert f"{path}: task 34 at byte 194,456" in result.output
    assert "cannot be understood: the file ends here, the rest of the export is missing" in result.output
    error = message(path, "--strict", folder=tmp_path)
    assert error.startswith(f"{path}: task 34 at byte 194,456")
    assert "Nothing was loaded, because of --strict." in error


def test_strict_loads_nothing(tmp_path: Path) -> None:
    before = load_tasks(tmp_path, task(1)).everything()
    path = write_export(
        tmp_path / "b" / "bad.json", [task(2), {"id": 3, "annotations": 5}, {"id": 4, "annotations": 5}]
    )
    error = message(path, "--strict", folder=tmp_path)
    assert "task 3 at byte" in error
    assert "its annotations are no list (and 1 more). Nothing was loaded, because of --strict." in error
    assert Loaded(tmp_path / "harvest.duckdb", None).everything() == before
    assert run("load", path, "--database", tmp_path / "harvest.duckdb").exit_code == 0
    assert run("load", EXPORT, "--strict", "--database", tmp_path / "harvest.duckdb").exit_code == 0


def test_a_database_held_by_another_program(tmp_path: Path) -> None:
    database = tmp_path / "harvest.duckdb"
    holder = textwrap.dedent(f"""
        import duckdb, sys
        connection = duckdb.connect({str(database)!r})
        print("held", flush=True)
        sys.stdin.read()
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", holder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "held\n"
        error = message(EXPORT, folder=tmp_path)
    finally:
        process.communicate("")
    assert error.startswith(f"{database} is open in another program: python")
    assert f"PID {process.pid}. Quit it and try again" in error


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "harvest.duckdb").write_text("hello, this is no database at all" * 1000)
    assert message(EXPORT, folder=tmp_path) == (
        f"{tmp_path / 'harvest.duckdb'} is no DuckDB database. "
        "Name another file with --database or HARVEST_DATABASE.\n"
    )


def test_a_database_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    error = message(EXPORT, folder=tmp_path / "nowhere")
    assert error.startswith(f"{tmp_path / 'nowhere' / 'harvest.duckdb'} cannot be opened: ")


@pytest.mark.skipif(
    not os.path.exists("/proc/self/mem"), reason="needs a file that exists and cannot be read"
)
def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    error = message("--project", "b=/proc/self/mem", folder=tmp_path)
    assert error.startswith(
        "/proc/self/mem cannot be read: Input/output error. Check the file and its permissions."
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads every file")
def test_a_file_without_permission(tmp_path: Path) -> None:
    path = write_export(tmp_path / "b" / "export.json", [task()])
    path.chmod(0)
    assert message(path, folder=tmp_path).startswith(f"{path} cannot be read: Permission denied.")


def test_a_broken_project_json(tmp_path: Path) -> None:
    path = write_export(tmp_path / "b" / "export.json", [task()])
    (path.parent / "project.json").write_text("{")
    assert message(path, folder=tmp_path) == (
        f"{path.parent / 'project.json'} is no JSON object. Save the answer to GET /api/projects/ID there, "
        "or remove it.\n"
    )


def test_every_option_has_help() -> None:
    result = run("load", "--help")
    assert result.exit_code == 0
    for option in ("--project", "--database", "--strict", "--quiet"):
        assert option in result.output
