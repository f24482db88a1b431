"""The staging tables of real exports, every flavour, against a plain reading of the same JSON."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from loading import EXAMPLES, Loaded, load_paths

EXPORTS = {project: EXAMPLES / "exports" / project / "export_all_tasks.json" for project in "abc"}
FLAVOURS = sorted(path.name for path in (EXAMPLES / "flavours").glob("*.json") if "json_min" not in path.name)
LABEL_TYPES = {
    "a": {"timelinelabels"},
    "b": {"keypointlabels", "rectanglelabels"},
    "c": {"keypointlabels", "rectanglelabels"},
}


@pytest.fixture(
    params=[*EXPORTS.values(), *(EXAMPLES / "flavours" / name for name in FLAVOURS)], ids=lambda p: p.stem
)
def export(request: pytest.FixtureRequest) -> tuple[str, Path]:
    path = request.param
    return (path.parent.name if path.parent.name in EXPORTS else path.name[0]), path


@pytest.fixture
def loaded(export: tuple[str, Path], tmp_path: Path) -> Loaded:
    project, path = export
    return load_paths(tmp_path / "harvest.duckdb", projects={project: [path]})


def test_every_table_holds_what_the_export_says(export: tuple[str, Path], loaded: Loaded) -> None:
    project, path = export
    expected = read_plainly(project, path)
    assert loaded.report.quarantined_count == 0
    for table, rows in expected.items():
        assert len(loaded.rows(table)) == len(rows), table
        columns = ", ".join(f'"{column}"' for column in rows[0]) if rows else "*"
        found = loaded.rows(table, columns)
        assert sorted(found, key=repr) == sorted((tuple(row.values()) for row in rows), key=repr), table


def test_the_three_projects_load_together(tmp_path: Path) -> None:
    loaded = load_paths(tmp_path / "harvest.duckdb", EXAMPLES / "exports")
    counts = [(p.project, p.files, p.tasks, p.annotations, p.drafts) for p in loaded.report.projects]
    assert counts == [("a", 1, 23, 23, 3), ("b", 1, 31, 45, 3), ("c", 1, 30, 43, 3)]
    assert list(loaded.report.warnings) == []
    assert loaded.rows(
        "exports", "project, maximum_annotations, media_key, frame_rate, loaded_task_count"
    ) == [
        ("a", 1, "video", "$fps", 23),
        ("b", 2, "image", None, 31),
        ("c", 2, "image", None, 30),
    ]
    assert len(loaded.rows("config_labels", where="control_type = 'keypointlabels'")) == 21 + 33
    assert ("operated_object",) in loaded.rows("config_labels", "label", "control_type = 'rectanglelabels'")


@pytest.mark.parametrize("project", ["a", "b"])
def test_flavours_of_one_project_say_the_same(project: str, tmp_path: Path) -> None:
    """What two flavours both hold comes out alike, whatever its form in the file."""
    full = load_paths(tmp_path / "full.duckdb", projects={project: [flavour(project, "snapshot_full")]})
    annotation = (
        "task_id, annotation_id, annotator_id, created_at, updated_at, was_cancelled, region_count, "
        "updated_by, lead_time_s, parent_prediction_id, parent_annotation_id, is_ground_truth_starred"
    )
    for other in ("snapshot_default", "export_json", "tasks_list_fields_all"):
        loaded = load_paths(tmp_path / f"{other}.duckdb", projects={project: [flavour(project, other)]})
        assert loaded.rows("annotations", annotation) == full.rows("annotations", annotation), other
        assert loaded.rows("regions") == full.rows("regions"), other
        tasks = loaded.rows(
            "tasks", "task_id, media, episode_key, view, frame_idx, width, height, n_frames, fps"
        )
        both = full.rows(
            "tasks", "task_id, media, episode_key, view, frame_idx, width, height, n_frames, fps"
        )
        assert set(tasks) <= set(both), other


@pytest.mark.parametrize(
    ("name", "warnings"),
    [
        ("a_snapshot_full", []),
        ("b_snapshot_full", []),
        ("b_export_json", []),
        ("a_snapshot_default", ["holds 3 drafts only as ids"]),
        ("b_snapshot_default", ["holds 3 drafts only as ids"]),
        ("a_tasks_list_fields_all", ["comes from the task list (GET /api/tasks)"]),
        ("b_tasks_list_fields_all", ["comes from the task list (GET /api/tasks)"]),
        (
            "b_snapshot_annotated_no_skipped",
            ["was filtered: annotations that Label Studio counts are missing", "drafts only as ids"],
        ),
    ],
)
def test_what_an_export_has_lost_is_said(name: str, warnings: list[str], tmp_path: Path) -> None:
    loaded = load_paths(
        tmp_path / "harvest.duckdb", projects={name[0]: [EXAMPLES / "flavours" / f"{name}.json"]}
    )
    assert len(loaded.report.warnings) == len(warnings)
    for found, expected in zip(loaded.report.warnings, warnings, strict=True):
        assert expected in found
        assert f"{name}.json" in found


def flavour(project: str, name: str) -> Path:
    return EXAMPLES / "flavours" / f"{project}_{name}.json"


def read_plainly(project: str, path: Path) -> dict[str, list[dict[str, Any]]]:
    """The staging tables by the comments of staging.sql, one value at a time."""
    tasks = json.loads(path.read_text(encoding="utf-8"))
    tasks = tasks["tasks"] if isinstance(tasks, dict) else tasks
    tables: dict[str, list[dict[str, Any]]] = {
        name: []
        for name in ("tasks", "annotations", "drafts", "predictions", "regions", "prediction_regions")
    }
    for task in tasks:
        keys = {"project": project, "task_id": task["id"]}
        data = task["data"]
        tables["tasks"].append(
            keys
            | {
                "export_id": 1,
                "updated_at": utc(task["updated_at"]),
                "is_labeled": task.get("is_labeled"),
                "overlap": task.get("overlap"),
                "total_annotations": task["total_annotations"],
                "cancelled_annotations": task["cancelled_annotations"],
                "media": data["video" if project == "a" else "image"],
                "episode_key": data.get("episode_key"),
                "view": data.get("view"),
                "frame_idx": data.get("frame_idx"),
                "width": data.get("width"),
                "height": data.get("height"),
                "n_frames": data.get("n_frames"),
                "fps": data.get("fps"),
                "task_subdir": data.get("task_subdir"),
            }
        )
        for draft in task["drafts"]:
            whole = isinstance(draft, dict)
            tables["drafts"].append(
                keys
                | {
                    "draft_id": id_of(draft),
                    "annotation_id": draft.get("annotation") if whole else None,
                    "created_at": utc(draft["created_at"]) if whole else None,
                    "is_id_only": not whole,
                }
            )
        listed = {id_of(prediction): prediction for prediction in task["predictions"]}
        for prediction_id, prediction in listed.items():
            whole = isinstance(prediction, dict)
            tables["predictions"].append(
                keys
                | {
                    "prediction_id": prediction_id,
                    "model_version": prediction["model_version"] if whole else None,
                    "score": prediction["score"] if whole else None,
                    "is_id_only": not whole,
                }
            )
        for annotation in task["annotations"]:
            read_annotation(tables, project, keys, annotation, listed)
    return tables


def read_annotation(
    tables: dict[str, list[dict[str, Any]]],
    project: str,
    keys: dict[str, Any],
    annotation: dict[str, Any],
    listed: dict[int, Any],
) -> None:
    keys = keys | {"annotation_id": annotation["id"]}
    result = annotation["result"]
    prediction = annotation.get("prediction") or listed.get(annotation["parent_prediction"])
    state, identical = "none", None
    if isinstance(prediction, dict):
        state = "known"
        identical = label_values(project, result or []) == label_values(project, prediction["result"])
        if not identical:
            tables["prediction_regions"] += [
                keys | region(index, item) for index, item in enumerate(prediction["result"])
            ]
    elif annotation.get("parent_prediction") is not None:
        state = "id_only"
    tables["annotations"].append(
        keys
        | {
            "annotator_id": id_of(annotation["completed_by"]),
            "created_at": utc(annotation["created_at"]),
            "updated_at": utc(annotation["updated_at"]),
            "was_cancelled": annotation["was_cancelled"],
            "is_result_null": result is None,
            "region_count": len(result or []),
            "result_count": annotation.get("result_count"),
            "updated_by": id_of(annotation.get("updated_by")),
            "lead_time_s": annotation["lead_time"],
            "import_id": annotation.get("import_id"),
            "last_action": annotation.get("last_action"),
            "is_review_accepted": None,
            "is_ground_truth_starred": annotation["ground_truth"],
            "parent_prediction_id": annotation.get("parent_prediction"),
            "parent_annotation_id": annotation.get("parent_annotation"),
            "prediction_state": state,
            "prediction_model_version": prediction["model_version"] if state == "known" else None,
            "is_prediction_identical": identical,
        }
    )
    tables["regions"] += [keys | region(index, item) for index, item in enumerate(result or [])]


def region(index: int, item: dict[str, Any]) -> dict[str, Any]:
    value = item.get("value", {})
    return {
        "region_index": index,
        "region_id": item.get("id"),
        "region_type": item["type"],
        "labels": [label for label in value.get(item["type"], []) if isinstance(label, str)],
        "x": number(value.get("x")),
        "y": number(value.get("y")),
        "width": number(value.get("width")),
        "height": number(value.get("height")),
        "rotation": number(value.get("rotation", 0)),
        "original_width": number(item.get("original_width")),
        "original_height": number(item.get("original_height")),
        "parent_region_id": item.get("parentID"),
        "ranges": [{"start": r.get("start"), "end": r.get("end")} for r in value.get("ranges", [])],
    }


def label_values(project: str, items: list[dict[str, Any]]) -> list[tuple]:
    """The label regions as comparable values, by region id and then order of appearance."""
    geometry = {"timelinelabels": ("ranges",), "keypointlabels": ("x", "y")}
    box = ("x", "y", "width", "height", "rotation")
    values = [
        (
            item["id"],
            item["type"],
            sorted(item["value"].get(item["type"], [])),
            [item["value"].get(key, 0) for key in geometry.get(item["type"], box)],
        )
        for item in items
        if item["type"] in LABEL_TYPES[project]
    ]
    return sorted(values, key=lambda row: row[0])


def id_of(value: Any) -> Any:
    return value["id"] if isinstance(value, dict) else value


def number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def utc(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(UTC).replace(tzinfo=None)
