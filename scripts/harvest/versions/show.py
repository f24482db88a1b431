"""What the commands on versions print."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from harvest.layout import SETS, TrainingSets, Version
from harvest.versions.changelog import code_text, exports_text, tiers_text
from harvest.versions.compare import Comparison, described
from harvest.versions.reproduce import Reproduction


def console() -> Console:
    """Where the commands print: as wide as the terminal, or wide enough for every column without one."""
    return Console(width=None if sys.stdout.isatty() else 160)


def print_versions(training_sets: TrainingSets, console: Console) -> None:
    """One line per published version, newest last."""
    numbers = training_sets.numbers()
    if not numbers:
        console.print(
            f"No version is published in {training_sets.root}. "
            "Publish the first one: dbt build --vars 'version: 1'",
            soft_wrap=True,
            highlight=False,
        )
        return
    table = _table(
        "version", "published", *(f"rows {name}" for name in SETS), "frames b", "frames c", "exports", "code"
    )
    for version in training_sets:
        table.add_row(
            str(version.number),
            version.manifest["created_at"].replace("T", " ").rstrip("Z"),
            *(f"{version.entry(name)['rows']:,}" for name in SETS),
            tiers_text(version, "b"),
            tiers_text(version, "c"),
            exports_text(version),
            code_text(version),
        )
    console.print(table)


def print_verification(version: Version, findings: Sequence[str], console: Console) -> None:
    """The findings of `verify`, or that there are none."""
    if findings:
        _print(console, f"Version {version.number} is not what was published:")
        for finding in findings:
            _print(console, f"  - {finding}")
        return
    files = version.files()
    _print(
        console,
        f"Version {version.number} is as it was published: {len(files)} files, "
        f"{sum(file.bytes for file in files):,} bytes, rows, types and content.",
    )


def print_comparison(comparison: Comparison, console: Console, *, rows: int, set_name: str | None) -> None:
    """What changed and why: per cause, per episode, and on demand row by row."""
    _print(console, f"Version {comparison.old.number} → {comparison.new.number}")
    if comparison.settings:
        _print(console, f"  settings  {described(comparison.settings)}")
    if comparison.code:
        _print(console, f"  code      {described(comparison.code)}")
    for sign, project, path in comparison.exports:
        _print(console, f"  exports   {sign} {project} {path}")
    if comparison.is_same:
        _print(console, "The training sets are the same.")
        return
    condition = "true" if set_name is None else f"set_name = '{set_name}'"

    console.print()
    table = _table("set", "change", "cause", "rows", "episodes")
    for row in comparison.relation("changes_by_cause").filter(condition).fetchall():
        table.add_row(*(f"{value:,}" if isinstance(value, int) else value for value in row))
    console.print(table)

    events = comparison.relation("annotation_events")
    if set_name is not None:
        events = events.filter(f"project = '{set_name}'")
    _print_limited(
        console,
        "annotations",
        _table("set", "task", "episode", "view", "frame", "what happened"),
        events.project("project, task_id, episode_key, view, frame_idx, cause || ': ' || detail").fetchall(),
        max(rows, 20),
    )
    _print_limited(
        console,
        "episodes",
        _table("set", "episode", "added", "removed", "changed", "causes"),
        [
            (*row[:5], ", ".join(row[5]))
            for row in comparison.relation("changes_by_episode")
            .filter(condition)
            .order("added + removed + changed desc, set_name, episode_key")
            .fetchall()
        ],
        max(rows, 20),
    )
    if rows:
        changed = comparison.relation("changed_rows").filter(condition)
        _print_limited(
            console,
            "rows",
            _table("set", "change", "episode", "view", "frame", "label", "annotations", "columns", "cause"),
            [
                (*row[:6], _listed(row[6]), _listed(row[7]), row[8])
                for row in changed.project(
                    "set_name, change, episode_key, view, frame_idx, label, annotation_ids, changed_columns,"
                    " cause || coalesce(': ' || detail, '')"
                )
                .order("set_name, episode_key, view, frame_idx, label, change")
                .limit(rows + 1)
                .fetchall()
            ],
            rows,
        )


def print_reproduction(reproduction: Reproduction, console: Console) -> None:
    """Whether the rebuild is identical, or what differs."""
    number = reproduction.original.number
    comparison = reproduction.comparison
    if not reproduction.differing_files:
        _print(console, f"Version {number} was built again, byte for byte the same.")
    elif not reproduction.differing_contents:
        _print(
            console,
            f"Version {number} was built again with the same rows; the bytes differ of: "
            f"{', '.join(reproduction.differing_files)}.",
        )
    else:
        _print(
            console,
            f"Version {number} comes out differently: {', '.join(reproduction.differing_contents)}.",
        )
    if comparison.code:
        _print(console, f"  code  {described(comparison.code)}")
    for line in reproduction.differing_settings:
        _print(console, f"  {line}")
    if reproduction.differing_contents and not comparison.is_same:
        console.print()
        print_comparison(comparison, console, rows=0, set_name=None)


def _print(console: Console, text: str) -> None:
    console.print(text, soft_wrap=True, highlight=False, markup=False)


def _print_limited(console: Console, title: str, table: Table, rows: Sequence[tuple], limit: int) -> None:
    if not rows:
        return
    for row in rows[:limit]:
        table.add_row(*("" if value is None else str(value) for value in row))
    console.print()
    console.print(table)
    if len(rows) > limit:
        _print(console, f"… and more {title}; --rows shows more, --save keeps all in a DuckDB file")


def _listed(values: Sequence[object] | None) -> str:
    return ", ".join(str(value) for value in values or [])


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        is_number = column.startswith("rows") or column in (
            "version",
            "episodes",
            "added",
            "removed",
            "changed",
        )
        table.add_column(column, justify="right" if is_number else "left", overflow="fold")
    return table
