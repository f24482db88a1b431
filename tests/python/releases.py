"""Published versions made of given rows, for tests and benchmarks that need no load and no dbt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import duckdb

from harvest import publishing
from harvest.layout import SETS, TrainingSets, Version, relative_file
from harvest.publishing import PublishedRelation, Request

COLUMNS = {
    "a": """
        episode_key varchar, view varchar, media varchar, frame_idx integer, label varchar, weight double,
        agreement double, label_rank integer, reviewer_count integer, segment_start integer,
        segment_end integer, annotation_ids bigint[], confidence double, label_posterior double
    """,
    "b": """
        episode_key varchar, view varchar, media varchar, frame_idx integer, image_width integer,
        image_height integer, quality_tier varchar, needs_spot_check boolean, disagreement_px double,
        reviewer_count integer, annotation_ids bigint[], annotator_ids bigint[], label_source varchar,
        keypoints struct("label" varchar, instance varchar, x double, y double)[],
        boxes struct("label" varchar, instance varchar, x double, y double, width double, height double,
            rotation double)[],
        confidence double
    """,
    "annotation_lineage": """
        project varchar, task_id bigint, kind varchar, annotation_id bigint, episode_key varchar,
        view varchar, frame_idx integer, annotator_id bigint, submitted_at timestamp, revised_at timestamp,
        label_source varchar, is_ground_truth boolean, exclusion_reason varchar
    """,
    "frame_reviews": """
        project varchar, episode_key varchar, view varchar, frame_idx integer, quality_tier varchar
    """,
}
COLUMNS["c"] = COLUMNS["b"]

ORDERS = {
    "a": "episode_key, view, frame_idx, label",
    "b": "episode_key, view, frame_idx, annotation_ids",
    "c": "episode_key, view, frame_idx, annotation_ids",
    "annotation_lineage": "project, task_id, kind, annotation_id",
    "frame_reviews": "project, episode_key, view, frame_idx",
}

VARS = {"hi_px": 5, "boundary_weight": 0.5, "skip_policy": "any", "max_lo_frame_share": 0.25}
CODE = {"package_version": "0.1.0", "git_commit": 40 * "a", "git_dirty": False}


def publish(
    root: Path,
    number: int,
    rows: Mapping[str, list[Mapping[str, Any]] | str],
    *,
    settings: Mapping[str, Any] | None = None,
    code: Mapping[str, Any] | None = None,
) -> Version:
    """Publish a version with the given rows.

    Args:
        root: Folder of the versions.
        number: N of `v_N`.
        rows: By name of a set or table its rows, or a query for them; columns that a row lacks are null.
        settings: Vars that differ from VARS.
        code: What differs from CODE.
    """
    request = Request(root, number)
    with duckdb.connect() as connection:
        relations = []
        for name, columns in COLUMNS.items():
            connection.execute(f"create table {name} ({columns})")
            given = rows.get(name, [])
            if isinstance(given, str):
                connection.execute(f"insert into {name} by name {given}")
            elif given:
                connection.execute(
                    f"insert into {name} by name select unnest(from_json(?, ?), max_depth := 2)",
                    [json.dumps(given), json.dumps([_structure(connection, name)])],
                )
            folder = name if name in SETS else "lineage"
            file = str(relative_file(folder, SETS.get(name, name)))
            relations.append(PublishedRelation(name, file, connection.table(name)))
        contents = publishing.contents(request, relations)
        for row in contents:
            connection.execute(
                f"copy (from {row['name']} order by {ORDERS[row['name']]}) to '{row['target_file']}'"
                " (format parquet, compression zstd)"
            )
        files = publishing.exported_files(request, relations, connection)
        assert all(file["is_same_content"] for file in files)
        facts = {
            "project_folder": str(root),
            "settings": json.dumps({**VARS, **(settings or {})}),
            "dbt_version": "1.11.16",
            "duckdb_version": "v1.5.6",
            "exports": [],
            "left_out": [],
            "tiers": [],
            "gates": [],
            "agreement": [],
            "findings": [],
        }
        with patch.object(publishing, "code_version", lambda _: {**CODE, **(code or {})}):
            outcome = publishing.commit(request, facts, contents, files)
    publishing.finish(request)
    assert outcome["status"] == "published", outcome
    return TrainingSets(root).version(number)


def _structure(connection: duckdb.DuckDBPyConnection, name: str) -> dict[str, Any]:
    """Structure of a table's rows as `from_json` wants it."""

    def of(type_: Any) -> Any:
        if type_.id == "list":
            return [of(dict(type_.children)["child"])]
        if type_.id == "struct":
            return {field: of(child) for field, child in type_.children}
        return str(type_)

    table = connection.table(name)
    return {column: of(type_) for column, type_ in zip(table.columns, table.types, strict=True)}
