"""Helpers of the loader's tests: tasks to write, loads to run, rows to look at."""

import json
from pathlib import Path
from typing import Any

import duckdb
from click.testing import CliRunner, Result

from harvest.cli import main
from harvest.loader import LoadReport, load

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

TABLES = (
    "exports",
    "config_labels",
    "tasks",
    "annotations",
    "drafts",
    "predictions",
    "regions",
    "prediction_regions",
    "superseded_copies",
    "task_parts",
    "quarantine",
)


def run(*arguments: str | Path) -> Result:
    """Run `harvest` with these arguments; its output holds both streams."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


ABSENT = "(absent)"


def write_export(path: Path, tasks: object) -> Path:
    """Write JSON as the server does, in one line; a key whose value is ABSENT is left out."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_present(tasks), ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    return path


def _present(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item != ABSENT}
    return [_present(item) for item in value] if isinstance(value, list) else value


def task(task_id: int = 1, annotations: list[Any] | None = None, **fields: Any) -> dict[str, Any]:
    """A task as an export holds it; `data` names a frame of its own."""
    return {
        "id": task_id,
        "annotations": [annotation(task_id)] if annotations is None else annotations,
        "drafts": [],
        "predictions": [],
        "data": {"image": f"/data/local-files/?d=01_001_ego_f{task_id:06}.jpg"},
        "updated_at": "2026-11-21T01:20:32.280767Z",
    } | fields


def annotation(annotation_id: int = 1, result: object = (), **fields: Any) -> dict[str, Any]:
    return {
        "id": annotation_id,
        "completed_by": 2,
        "result": list(result) if result == () else result,
    } | fields


def point(region_id: str = "r1", x: object = 10.5, y: object = 20.25, **fields: Any) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": 0.4, "keypointlabels": ["wrist"]} | fields.pop("value", {})
    return {
        "id": region_id,
        "type": "keypointlabels",
        "original_width": 1920,
        "original_height": 1080,
        "value": value,
    } | fields


def box(region_id: str = "r1", **value: object) -> dict[str, Any]:
    geometry = {"x": 1.0, "y": 2.0, "width": 3.0, "height": 4.0, "rotation": 0}
    return {
        "id": region_id,
        "type": "rectanglelabels",
        "original_width": 1920,
        "original_height": 1080,
        "value": geometry | {"rectanglelabels": ["operated_object"]} | value,
    }


def segment(
    region_id: str = "s1", start: object = 31, end: object = 90, label: str = "grasp"
) -> dict[str, Any]:
    return {
        "id": region_id,
        "type": "timelinelabels",
        "value": {"ranges": [{"start": start, "end": end}], "timelinelabels": [label]},
    }


class Loaded:
    """A loaded database and the report of the load."""

    def __init__(self, database: Path, report: LoadReport) -> None:
        self.database = database
        self.report = report

    def rows(self, table: str, columns: str = "*", where: str = "true") -> list[tuple]:
        """Rows of a staging table, ordered by all columns."""
        with duckdb.connect(str(self.database), read_only=True) as connection:
            return connection.execute(
                f"select {columns} from label_studio.{table} where {where} order by all"
            ).fetchall()

    def row(self, table: str, columns: str = "*", where: str = "true") -> tuple:
        (row,) = self.rows(table, columns, where)
        return row

    def everything(self, *, without: tuple[str, ...] = ()) -> dict[str, list[tuple]]:
        return {table: self.rows(table) for table in TABLES if table not in without}


def load_paths(database: Path, *paths: Path, **options: Any) -> Loaded:
    return Loaded(database, load(paths, database=database, **options))


def load_tasks(folder: Path, *tasks: object, project: str = "b", **options: Any) -> Loaded:
    """Write the tasks as one export of `project` and load it."""
    path = write_export(folder / project / "export.json", list(tasks))
    return load_paths(folder / "harvest.duckdb", path, **options)
