"""What changed between two published versions, row by row, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import duckdb

from harvest.errors import HarvestError
from harvest.layout import SETS, Version

TOLERANCE: Final = 1e-6
"""Numbers that are closer than this are the same number: weights, shares, pixels."""

KEYS: Final = {
    "a": ("episode_key", "view", "frame_idx", "label"),
    "b": ("episode_key", "view", "frame_idx", "annotation_ids"),
    "c": ("episode_key", "view", "frame_idx", "annotation_ids"),
}
"""What makes two rows of a set the same row in two versions."""

RELATIONS: Final = {
    "changed_rows": "every row that was added, removed or changed, with its cause",
    "changes_by_cause": "their number per set, change and cause",
    "changes_by_episode": "their number per set and episode",
    "annotation_events": "what happened to the annotations",
    "changed_settings": "vars with another value",
}
"""The relations of a comparison, by name."""

SCORES: Final = frozenset({"confidence", "label_posterior"})
"""Columns that depend on all that a row's reviewers ever did: a new annotation anywhere moves them a little.
A row in which nothing else differs is not changed but rescored; such rows are counted, not listed."""

TIMELINE_SETTINGS: Final = frozenset(
    {"timeline_frame_base", "max_frames", "boundary_weight", "boundary_frames", "timeline_consensus"}
    | {"dawid_skene_iterations", "dawid_skene_tolerance", "dawid_skene_smoothing"}
)
FRAME_SETTINGS: Final = frozenset(
    {
        "disagreement_statistic",
        "hi_px",
        "lo_px",
        "hi_iou",
        "lo_iou",
        "box_tiers",
        "hi_samples",
        "frame_pattern",
    }
    | {"tier_basis", "keypoint_scale", "hi_relative", "lo_relative", "hi_oks", "lo_oks"}
)
SCORE_SETTINGS: Final = frozenset(
    {"record_prior_cases", "confidence_med", "confidence_single", "confidence_unknown_record"}
)
REPORT_SETTINGS: Final = frozenset(
    {"max_lo_frame_share", "min_double_review_share", "max_excluded_share", "max_skipped_task_share"}
    | {"max_untouched_share", "boundary_tolerance_frames", "transition_window_frames", "swap_ratio"}
    | {"confusion_iou", "nudge_px", "nudge_frames", "bootstrap_resamples", "bootstrap_seed", "outlier_z"}
    | {"min_outlier_annotators", "min_chance_corrected", "min_label_agreement", "min_annotator_record"}
    | {"min_gate_cases", "rate_margin"}
)
"""Vars that reach only timelines, only frames, only SCORES, or no set. Any other may change any row."""


@dataclass(frozen=True)
class Comparison:
    """Two versions compared; the relations live in `connection`.

    Attributes:
        old: The version compared with.
        new: The version compared.
        settings: Vars with another value: name, value in `old`, value in `new`.
        code: What differs of code and engines: name, value in `old`, value in `new`.
        exports: Exports that differ: `+` (only in `new`), `-` (only in `old`) or `~` (other bytes); project;
            path.
    """

    old: Version
    new: Version
    settings: Sequence[tuple[str, Any, Any]]
    code: Sequence[tuple[str, Any, Any]]
    exports: Sequence[tuple[str, str, str]]
    connection: duckdb.DuckDBPyConnection = field(repr=False)

    def relation(self, name: str) -> duckdb.DuckDBPyRelation:
        """One of RELATIONS."""
        return self.connection.table(name)

    @property
    def is_same(self) -> bool:
        """Whether every row of every set is the same, scores included."""
        return self.relation("changes_by_cause").limit(1).fetchone() is None

    def save(self, database: Path) -> str:
        """Copy the relations into a DuckDB file, and return the schema they are in, such as `diff_1_2`.

        Raises:
            HarvestError: The file cannot be opened for writing.
        """
        schema = f"diff_{self.old.number}_{self.new.number}"
        try:
            self.connection.execute(f"attach '{_escaped(str(database))}' as saved")
        except duckdb.Error as error:
            raise HarvestError(f"{database} cannot be written: {str(error).splitlines()[0]}") from None
        try:
            self.connection.execute(f"drop schema if exists saved.{schema} cascade")
            self.connection.execute(f"create schema saved.{schema}")
            for name in RELATIONS:
                self.connection.execute(f"create table saved.{schema}.{name} as from {name}")
        finally:
            self.connection.execute("detach saved")
        return schema


def compare(old: Version, new: Version, *, check: bool = True) -> Comparison:
    """Compare two published versions.

    Args:
        old: The version to start from.
        new: The version to explain.
        check: Compare every file with its SHA-256 first.

    Raises:
        VersionError: A file is missing or was altered.
    """
    connection = duckdb.connect()
    settings = changed_values(old.manifest["vars"], new.manifest["vars"])
    code = changed_values(_code(old), _code(new))
    comparison = Comparison(old, new, settings, code, _changed_exports(old, new), connection)
    _create_settings(connection, settings)
    for side, version in (("old", old), ("new", new)):
        for table, view in (("annotation_lineage", "lineage"), ("frame_reviews", "reviews")):
            version.relation(table, connection, check=check).create_view(f"{side}_{view}")
        for name in SETS:
            version.relation(name, connection, check=check).create_view(f"{side}_{name}")
    _create_row_changes(connection, old, new)
    _create_version_causes(connection, settings, code)
    for script in ("annotation_events.sql", "row_causes.sql"):
        connection.execute(files("harvest.versions").joinpath(script).read_text(encoding="utf-8"))
    return comparison


def changed_values(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Names whose values differ, with both values; a name that one side lacks has the value None there."""
    names = sorted({*old, *new})
    return [(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)]


def _code(version: Version) -> dict[str, Any]:
    return {**version.manifest["code"], **version.manifest["engine"]}


def _changed_exports(old: Version, new: Version) -> list[tuple[str, str, str]]:
    def by_hash(version: Version) -> dict[tuple[str, str], str]:
        exports = version.manifest["exports"]
        return {(export["project"], export["sha256"]): export["path"] for export in exports}

    before, after = by_hash(old), by_hash(new)
    gone = {(key[0], path) for key, path in before.items() if key not in after}
    come = {(key[0], path) for key, path in after.items() if key not in before}
    return [
        ("~" if place in gone and place in come else "+" if place in come else "-", *place)
        for place in sorted(gone | come)
    ]


def shown(value: Any) -> str:
    """A setting's value as a person writes it."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def described(changes: Sequence[tuple[str, Any, Any]]) -> str:
    """Changed settings in one line: `hi_px 5 → 3, skip_policy any → ignore`."""
    return ", ".join(f"{name} {shown(old)} → {shown(new)}" for name, old, new in changes)


def _create_settings(connection: duckdb.DuckDBPyConnection, settings: Sequence[tuple[str, Any, Any]]) -> None:
    connection.execute("create temp table changed_settings (name text, old_value text, new_value text)")
    for name, old, new in settings:
        connection.execute("insert into changed_settings values (?, ?, ?)", [name, shown(old), shown(new)])


def _create_version_causes(
    connection: duckdb.DuckDBPyConnection,
    settings: Sequence[tuple[str, Any, Any]],
    code: Sequence[tuple[str, Any, Any]],
) -> None:
    """Per set the cause that is left when no annotation explains a row: settings before code."""
    connection.execute(
        "create temp table version_causes (set_name text, is_of_scores boolean, cause text, detail text)"
    )
    for name in SETS:
        for is_of_scores in (False, True):
            foreign = REPORT_SETTINGS | (FRAME_SETTINGS if name == "a" else TIMELINE_SETTINGS)
            foreign |= frozenset() if is_of_scores else SCORE_SETTINGS
            relevant = [setting for setting in settings if setting[0] not in foreign]
            if relevant:
                cause, detail = "setting change", described(relevant)
            elif code:
                cause, detail = "code change", described(code)
            else:
                continue
            connection.execute(
                "insert into version_causes values (?, ?, ?, ?)", [name, is_of_scores, cause, detail]
            )


def _create_row_changes(connection: duckdb.DuckDBPyConnection, old: Version, new: Version) -> None:
    connection.execute(
        """
        create temp table row_changes (
            row_id bigint, set_name text, change text, episode_key text, view text, frame_idx integer,
            label text, annotation_ids bigint[], changed_columns text[], old_weight double, new_weight double,
            old_tier text, new_tier text, fallback_cause text, fallback_detail text
        )
        """
    )
    connection.execute(
        "create temp table rescored_rows (set_name text, row_count bigint, episode_count bigint)"
    )
    for name in SETS:
        before, after = old.entry(name), new.entry(name)
        if (before["rows"], before["fingerprint"], before["columns"]) != (
            after["rows"],
            after["fingerprint"],
            after["columns"],
        ):
            connection.execute(_row_changes_sql(connection, name))


def _row_changes_sql(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    """SQL that adds the differing rows of one set to `row_changes`, and counts the rescored ones.

    Rows are first told apart by hashes, so that the wide columns of the many equal rows never meet in a join.
    A row is left out when one of the same key hash and the same content hash is on the other side.
    """
    old_types = dict(
        zip(connection.view(f"old_{name}").columns, connection.view(f"old_{name}").types, strict=True)
    )
    new_types = dict(
        zip(connection.view(f"new_{name}").columns, connection.view(f"new_{name}").types, strict=True)
    )
    keys = KEYS[name]
    shared = [column for column in new_types if old_types.get(column) == new_types[column]]
    scores = [column for column in shared if column in SCORES]
    compared = [column for column in shared if column not in keys and column not in SCORES]
    hashes = (
        f"hash({', '.join(keys)}) as key_hash, hash({', '.join([*keys, *compared])}) as row_hash,"
        f" hash({', '.join(['0', *scores])}) as score_hash, episode_key"
    )
    same_key = " and ".join(f"old.{key} is not distinct from new.{key}" for key in keys)
    changed = ", ".join(
        f"case when {_differs_sql(f'old.{column}', f'new.{column}', new_types[column])} then '{column}' end"
        for column in compared
    )
    identity = {
        column: f"coalesce(new.{column}, old.{column})" if column in new_types else "null"
        for column in ("episode_key", "view", "frame_idx", "label", "annotation_ids")
    }
    sides = {
        f"{side}_{alias}": f"{side}.{column}" if column in shared else "null"
        for column, alias in (("weight", "weight"), ("quality_tier", "tier"))
        for side in ("old", "new")
    }
    is_task_data = (
        "changed_columns != ['label_rank']"
        if name == "a"
        else "list_has_any(changed_columns, ['media', 'image_width', 'image_height'])"
    )
    return f"""
        create or replace temp table differing as
        select
            coalesce(old.key_hash, new.key_hash) as key_hash,
            coalesce(old.episode_key, new.episode_key) as episode_key,
            old.key_hash is not null and new.key_hash is not null as is_only_rescored
        from (select {hashes} from old_{name}) as old
        full outer join (select {hashes} from new_{name}) as new
            on old.key_hash = new.key_hash and old.row_hash = new.row_hash
        where old.key_hash is null or new.key_hash is null or old.score_hash != new.score_hash;

        insert into rescored_rows
        select '{name}', count(*), count(distinct episode_key)
        from differing
        where is_only_rescored
        having count(*) > 0;

        delete from differing where is_only_rescored;

        insert into row_changes by name
        with
        old as (
            select * from old_{name} where hash({", ".join(keys)}) in (select key_hash from differing)
        ),
        new as (
            select * from new_{name} where hash({", ".join(keys)}) in (select key_hash from differing)
        ),
        compared as (
            select
                case
                    when old.frame_idx is null then 'added'
                    when new.frame_idx is null then 'removed'
                    else 'changed'
                end as change,
                {", ".join(f"{value} as {column}" for column, value in identity.items())},
                {", ".join(f"{value} as {column}" for column, value in sides.items())},
                case
                    when old.frame_idx is not null and new.frame_idx is not null
                        then list_filter([{changed}], lambda name: name is not null)
                    else []
                end as changed_columns
            from old
            full outer join new on {same_key}
        )
        select
            (select count(*) from row_changes) + row_number() over () as row_id,
            '{name}' as set_name,
            *,
            case when {is_task_data} then 'task data' else 'reviewer records' end as fallback_cause,
            case
                when {is_task_data} then 'what the task says of its media'
                else 'the same reviews, whose reviewers have other records now'
            end as fallback_detail
        from compared
        where change != 'changed' or len(changed_columns) > 0;
    """


def _differs_sql(old: str, new: str, type_: Any, depth: int = 0) -> str:
    """SQL condition: the two values are not the same, numbers within TOLERANCE being the same."""
    if type_.id == "double":
        differs = f"abs({new} - {old}) > {TOLERANCE}"
    elif type_.id == "list":
        pair = f"p{depth}"
        element = _differs_sql(f"{pair}[1]", f"{pair}[2]", dict(type_.children)["child"], depth + 1)
        differs = (
            f"{old} is distinct from {new} and (len({old}) != len({new})"
            f" or list_bool_or(list_transform(list_zip({old}, {new}), lambda {pair}: {element})))"
        )
    elif type_.id == "struct":
        differs = " or ".join(
            _differs_sql(f'{old}."{field_name}"', f'{new}."{field_name}"', child, depth)
            for field_name, child in type_.children
        )
    else:
        return f"{old} is distinct from {new}"
    return f"(({old} is null) != ({new} is null) or coalesce({differs}, false))"


def _escaped(text: str) -> str:
    return text.replace("'", "''")
