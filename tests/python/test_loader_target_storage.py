"""Label Studio's target storage: a file for each annotation, its task inside, named by its number."""

import json
from pathlib import Path
from typing import Any

from loading import EXAMPLES, annotation, load_paths, point, run, task, write_export


def stored(whole: dict[str, Any], index: int, **changes: Any) -> dict[str, Any]:
    """One annotation of a task as the target storage writes it."""
    inside = {key: value for key, value in whole.items() if key not in ("annotations", "drafts")}
    return whole["annotations"][index] | {"task": inside | changes}


def test_the_annotations_of_a_task_come_together(tmp_path: Path) -> None:
    """The real exports, cut into files of one annotation, give the rows of the whole ones."""
    whole = load_paths(tmp_path / "whole.duckdb", EXAMPLES / "exports")
    for project in "abc":
        tasks = json.loads((EXAMPLES / "exports" / project / "export_all_tasks.json").read_bytes())
        for each in tasks:
            for index, one in enumerate(each["annotations"]):
                write_export(tmp_path / "stored" / project / str(one["id"]), stored(each, index))
    cut = load_paths(tmp_path / "cut.duckdb", tmp_path / "stored")
    for table in ("annotations", "regions", "prediction_regions"):
        assert cut.rows(table) == whole.rows(table), table
    columns = "project, task_id, updated_at, media, episode_key, frame_idx, width"
    with_annotations = "(project, task_id) in (select (project, task_id) from label_studio.annotations)"
    assert cut.rows("tasks", columns) == whole.rows("tasks", columns, with_annotations)
    (counts,) = cut.rows(
        "exports",
        "sum(task_count), sum(loaded_task_count + superseded_task_count), sum(quarantined_task_count)",
    )
    assert counts == (111, 111, 0)


def test_the_latest_copy_of_an_annotation_and_of_its_task_counts(tmp_path: Path) -> None:
    early, late = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"

    def one(number: int, x: float, updated_at: str) -> dict[str, Any]:
        return task(1, [annotation(number, [point("p", x)], updated_at=updated_at)])

    write_export(tmp_path / "b" / "1", stored(one(11, 1.0, late), 0, updated_at=early))
    write_export(tmp_path / "b" / "2", stored(one(12, 2.0, early), 0, updated_at=late, overlap=2))
    write_export(tmp_path / "b" / "older" / "1", stored(one(11, 7.0, early), 0, updated_at=early))
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path)
    assert loaded.rows("regions", "annotation_id, x") == [(11, 1.0), (12, 2.0)]
    assert loaded.row("tasks", "task_id, overlap") == (1, 2)
    counts = loaded.rows("exports", "export_id, task_count, loaded_task_count, superseded_task_count")
    assert counts == [(1, 1, 0, 1), (2, 1, 1, 0), (3, 1, 0, 1)]


def test_a_whole_export_beside_them_is_another_copy(tmp_path: Path) -> None:
    new = task(1, [annotation(11, [point("p", 2.0)])], updated_at="2027-01-01T00:00:00Z")
    write_export(tmp_path / "b" / "11", stored(task(1, [annotation(11, [point("p", 1.0)])]), 0))
    write_export(tmp_path / "b" / "export.json", [new])
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path)
    assert loaded.rows("regions", "annotation_id, x") == [(11, 2.0)]
    assert loaded.rows("exports", "loaded_task_count, superseded_task_count") == [(0, 1), (1, 0)]


def test_one_that_is_broken_is_refused_as_no_export(tmp_path: Path) -> None:
    path = tmp_path / "b" / "11"
    path.parent.mkdir()
    path.write_text('{"id": 11, "result": [], "task": {"id": "x"}}')
    result = run("load", path, "--database", tmp_path / "harvest.duckdb")
    assert result.exit_code == 1
    assert str(path) in result.output
