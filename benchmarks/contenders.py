"""Ways to load the same exports: `python -m benchmarks.contenders NAME FOLDER`.

Each ends with three tables in a DuckDB file: annotations, their regions, and the regions of every prediction
that its annotation changed. It prints what they come to, so that they can be compared. `count` and `sdk` do
less than the rest.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

TABLES = ("annotations", "regions", "prediction_regions")
CHECK = """
select
    (select count(*) from {annotations}) as annotations,
    (select count(*) from {regions}) as regions,
    (select count(*) from {prediction_regions}) as prediction_regions,
    (select round(sum(x + y + coalesce(height, 0)), 2) from {regions}) as checksum
"""


def exports(folder: Path) -> list[tuple[str, Path]]:
    return [(path.parent.name, path) for path in sorted(folder.glob("*/export.json"))]


def harvest(folder: Path) -> tuple:
    import duckdb

    from harvest.loader import load

    with tempfile.TemporaryDirectory(dir=folder) as place:
        database = f"{place}/harvest.duckdb"
        load([path for _, path in exports(folder)], database=database)
        tables = {name: f"label_studio.{name}" for name in TABLES}
        with duckdb.connect(database) as connection:
            return connection.execute(CHECK.format(**tables)).fetchone()


@contextmanager
def new_database(folder: Path) -> Iterator["duckdb.DuckDBPyConnection"]:
    import duckdb

    with (
        tempfile.TemporaryDirectory(dir=folder) as place,
        duckdb.connect(f"{place}/tables.duckdb") as connection,
    ):
        yield connection


def written(folder: Path, annotations: Any, regions: Any, prediction_regions: Any) -> tuple:
    """Write three data frames into a DuckDB file, which finds them by their names, and look at the tables."""
    with new_database(folder) as connection:
        for name in TABLES:
            connection.execute(f"create table {name} as select * from {name}")
        return connection.execute(CHECK.format(**{name: name for name in TABLES})).fetchone()


def count(folder: Path) -> tuple:
    import duckdb

    path = exports(folder)[0][1]
    return duckdb.execute(
        "select count(*) from read_json_objects(?, format = 'array', maximum_object_size = 33554432)",
        [str(path)],
    ).fetchone()


ITEM = """struct(id varchar, "type" varchar, parentID varchar, original_width double, original_height double,
    "value" struct(x double, y double, width double, height double, rotation double,
    keypointlabels varchar[], rectanglelabels varchar[]))[]"""
ANNOTATION = f"""struct(id bigint, completed_by bigint, result {ITEM}, was_cancelled boolean,
    created_at timestamp, updated_at timestamp, lead_time double,
    prediction struct(id bigint, result {ITEM}), result_count bigint, updated_by bigint,
    parent_prediction bigint)[]"""
COMPARED = """list_transform({}, lambda i: {{'id': i.id, 'x': i.value.x, 'y': i.value.y,
    'rotation': i.value.rotation, 'width': case when i.type = 'rectanglelabels' then i.value.width end,
    'height': i.value.height, 'labels': coalesce(i.value.keypointlabels, i.value.rectanglelabels)}})"""
FLAT = """
create table {} as
select
    project, task_id, annotation_id, region_index, i.id as region_id, i.type as region_type,
    coalesce(i.value.keypointlabels, i.value.rectanglelabels) as labels, i.value.x, i.value.y, i.value.width,
    i.value.height, coalesce(i.value.rotation, 0) as rotation, i.original_width, i.original_height,
    i.parentid as parent_region_id
from (
    select
        project, id as task_id, a.id as annotation_id, unnest({}) as i,
        generate_subscripts({}, 1) - 1 as region_index
    from annotated
    where {}
)
"""


def sql(folder: Path) -> tuple:
    """The simple reference: a typed read into a temporary table, then unnest."""
    with new_database(folder) as connection:
        execute = connection.execute
        execute("set preserve_insertion_order = false")
        reads = [
            f"""select '{project}' as project, * from read_json('{path}', format = 'array', records = true,
            maximum_object_size = 33554432, columns = {{id: 'bigint', updated_at: 'timestamp', data: 'json',
            annotations: '{ANNOTATION}'}})"""
            for project, path in exports(folder)
        ]
        execute(f"create temp table tasks as {' union all '.join(reads)}")
        identical = f"{COMPARED.format('a.result')} = {COMPARED.format('a.prediction.result')}"
        execute(
            f"""create temp table annotated as select *, {identical} as is_identical
            from (select project, id, unnest(annotations) as a from tasks)"""
        )
        execute(
            """create table annotations as select project, id as task_id, a.id as annotation_id,
            a.completed_by, a.created_at, a.updated_at, a.was_cancelled, len(a.result) as region_count,
            a.result_count, a.updated_by, a.lead_time, a.parent_prediction, is_identical from annotated"""
        )
        execute(FLAT.format("regions", "a.result", "a.result", "true"))
        changed = "a.prediction.result is not null and not is_identical"
        execute(FLAT.format("prediction_regions", "a.prediction.result", "a.prediction.result", changed))
        return execute(CHECK.format(**{name: name for name in TABLES})).fetchone()


def _region(keys: dict[str, Any], index: int, item: dict[str, Any]) -> dict[str, Any]:
    value = item["value"]
    return {
        **keys,
        "region_index": index,
        "region_id": item["id"],
        "region_type": item["type"],
        "labels": value.get(item["type"], []),
        "x": value.get("x"),
        "y": value.get("y"),
        "width": value.get("width"),
        "height": value.get("height"),
        "rotation": value.get("rotation", 0),
        "original_width": item.get("original_width"),
        "original_height": item.get("original_height"),
        "parent_region_id": item.get("parentID"),
    }


def _values(items: list[dict[str, Any]]) -> dict[str, tuple]:
    compared = {}
    for item in items:
        value = item["value"]
        is_box = item["type"] == "rectanglelabels"
        compared[item["id"]] = (
            value["x"],
            value["y"],
            value.get(item["type"]),
            is_box and (value["width"], value["height"], value["rotation"]),
        )
    return compared


def _with_pandas(decode: Callable[[Path], list[Any]], folder: Path) -> tuple:
    """A list of rows for each table, a row a dictionary; then data frames; then tables."""
    import pandas as pd

    annotations, regions, prediction_regions = [], [], []
    for project, path in exports(folder):
        for task in decode(path):
            for annotation in task["annotations"]:
                keys = {"project": project, "task_id": task["id"], "annotation_id": annotation["id"]}
                result, prediction = annotation["result"] or [], annotation["prediction"] or {}
                is_identical = None
                if prediction:
                    is_identical = _values(result) == _values(prediction["result"])
                    if not is_identical:
                        prediction_regions += [
                            _region(keys, index, item) for index, item in enumerate(prediction["result"])
                        ]
                regions += [_region(keys, index, item) for index, item in enumerate(result)]
                annotations.append(
                    {
                        **keys,
                        "annotator_id": annotation["completed_by"],
                        "created_at": annotation["created_at"],
                        "updated_at": annotation["updated_at"],
                        "was_cancelled": annotation["was_cancelled"],
                        "region_count": len(result),
                        "result_count": annotation["result_count"],
                        "updated_by": annotation["updated_by"],
                        "lead_time_s": annotation["lead_time"],
                        "parent_prediction_id": annotation["parent_prediction"],
                        "is_identical": is_identical,
                    }
                )
    frames = [pd.DataFrame(rows) for rows in (annotations, regions, prediction_regions)]
    for column in ("created_at", "updated_at"):
        frames[0][column] = pd.to_datetime(frames[0][column])
    return written(folder, *frames)


def pandas(folder: Path) -> tuple:
    """What one writes first."""

    def decode(path: Path) -> list[Any]:
        with path.open(encoding="utf-8") as file:
            return json.load(file)

    return _with_pandas(decode, folder)


def orjson(folder: Path) -> tuple:
    import orjson as library

    return _with_pandas(lambda path: library.loads(path.read_bytes()), folder)


def msgspec(folder: Path) -> tuple:
    import msgspec as library

    return _with_pandas(lambda path: library.json.decode(path.read_bytes()), folder)


def polars(folder: Path) -> tuple:
    import polars as pl

    value = pl.Struct(
        dict.fromkeys(("x", "y", "width", "height", "rotation"), pl.Float64)
        | dict.fromkeys(("keypointlabels", "rectanglelabels"), pl.List(pl.String))
    )
    item = pl.Struct(
        {
            "id": pl.String,
            "type": pl.String,
            "parentID": pl.String,
            "original_width": pl.Float64,
            "original_height": pl.Float64,
            "value": value,
        }
    )
    annotation = pl.Struct(
        {
            "id": pl.Int64,
            "completed_by": pl.Int64,
            "result": pl.List(item),
            "was_cancelled": pl.Boolean,
            "created_at": pl.String,
            "updated_at": pl.String,
            "lead_time": pl.Float64,
            "prediction": pl.Struct({"id": pl.Int64, "result": pl.List(item)}),
            "result_count": pl.Int64,
            "updated_by": pl.Int64,
            "parent_prediction": pl.Int64,
        }
    )
    kept = []
    compared = ["id", "x", "y", "rotation", "labels", "height", "box_width"]

    def flat(frame: Any, result: str) -> Any:
        items = frame.select("task_id", "annotation_id", pl.col(result).alias("item"))
        items = items.with_columns(pl.int_ranges(pl.col("item").list.len()).alias("region_index"))
        items = items.filter(pl.col("item").list.len() > 0).explode("item", "region_index").unnest("item")
        items = items.unnest("value").with_columns(
            pl.coalesce("keypointlabels", "rectanglelabels").alias("labels"),
            pl.col("rotation").fill_null(0),
        )
        return items.drop("keypointlabels", "rectanglelabels")

    for project, path in exports(folder):
        tasks = pl.read_json(path, schema={"id": pl.Int64, "annotations": pl.List(annotation)})
        frame = tasks.rename({"id": "task_id"}).explode("annotations").unnest("annotations")
        frame = frame.rename({"id": "annotation_id"}).with_columns(
            pl.col("prediction").struct.field("result").alias("predicted"),
            pl.col("created_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ"),
            pl.col("updated_at").str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ"),
        )
        regions, predicted = flat(frame, "result"), flat(frame, "predicted")
        box_width = pl.when(pl.col("type") == "rectanglelabels").then("width").alias("box_width")
        keys = ["annotation_id", *compared]
        left, right = regions.with_columns(box_width), predicted.with_columns(box_width)
        differing = pl.concat(
            [
                left.join(right, on=keys, how="anti", nulls_equal=True).select("annotation_id"),
                right.join(left, on=keys, how="anti", nulls_equal=True).select("annotation_id"),
            ]
        ).unique()
        predicted = predicted.join(differing, on="annotation_id", how="semi")
        frame = frame.drop("result", "prediction", "predicted")
        frames = (frame, regions, predicted)
        kept.append([each.with_columns(pl.lit(project).alias("project")) for each in frames])
    return written(folder, *(pl.concat(frames).to_arrow() for frames in zip(*kept, strict=True)))


LABEL_CONFIG = """<View><Image name="img" value="$image"/><KeyPointLabels name="kp" toName="img">
<Label value="wrist"/></KeyPointLabels><RectangleLabels name="obj" toName="img">
<Label value="operated_object"/></RectangleLabels></View>"""


def sdk(folder: Path) -> tuple:
    """Label Studio SDK's own converter, to its smallest format."""
    from label_studio_sdk.converter import Converter

    converter = Converter(LABEL_CONFIG, None, download_resources=False)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        for project, path in exports(folder):
            converter.convert_to_json_min(str(path), f"{place}/{project}", is_dir=False)
    return (len(exports(folder)),)


CONTENDERS = {
    function.__name__: function for function in (harvest, sql, count, polars, msgspec, orjson, pandas, sdk)
}

if __name__ == "__main__":
    print(json.dumps(CONTENDERS[sys.argv[1]](Path(sys.argv[2]))))
