"""What a build kept, what it left out and why, how far the frames may be trusted, and where the files are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from harvest.errors import HarvestError
from harvest.layout import TrainingSets

PROJECTS = {"a": "A action timeline", "b": "B hand + object", "c": "C body pose"}

KEPT = """
    select
        project,
        count(*) filter (where kind = 'annotation') as annotations,
        count(*) filter (where is_ground_truth) as ground_truth,
        count(distinct task_id) filter (where is_ground_truth) as tasks
    from annotation_verdicts
    group by project
"""

PUBLISHED = """
    select 'a' as project, count(distinct (episode_key, view)) as places, count(*) as rows from training_set_a
    union all
    select 'b', count(distinct (episode_key, view, frame_idx)), count(*) from training_set_b
    union all
    select 'c', count(distinct (episode_key, view, frame_idx)), count(*) from training_set_c
"""

LEFT_OUT = """
    select project, exclusion_reason, count(*) as n
    from annotation_verdicts
    where not is_ground_truth
    group by all
"""

REJECTED = "select project, reason, count(*) as n from rejected_regions group by all"

TIERS = "select project, quality_tier, count(*) as n from frame_reviews group by all"

FAILING_GATES = """
    select table_name
    from information_schema.tables
    where table_schema = 'gates'
    order by table_name
"""


def print_summary(database: Path, training_sets: Path, console: Console) -> None:
    """Print the state of the last build.

    Args:
        database: The DuckDB file; it is opened read-only.
        training_sets: Folder of the published versions.
        console: Where to print.

    Raises:
        HarvestError: There is no database, or nothing was built in it yet.
    """
    if not database.exists():
        raise HarvestError(f"{database}: no such database. Run `harvest load PATH…` first, then `dbt build`.")
    with _open(database) as connection:
        console.print(_kept(connection))
        console.print(_by_project(connection, LEFT_OUT, "Left out, and why"))
        console.print(_by_project(connection, REJECTED, "Regions not used (their annotations stand)"))
        console.print(_by_project(connection, TIERS, "Frames by tier"))
        console.print(_gates(connection))
    console.print(_files(training_sets))


def _open(database: Path) -> duckdb.DuckDBPyConnection:
    try:
        connection = duckdb.connect(str(database), read_only=True)
    except duckdb.IOException as error:
        raise HarvestError(f"{database}: cannot be opened: {str(error).splitlines()[0]}") from error
    try:
        connection.execute("select 1 from training_set_a, training_set_b, training_set_c limit 0")
    except duckdb.CatalogException as error:
        connection.close()
        raise HarvestError(f"{database}: nothing is built yet. Run `dbt build` first.") from error
    return connection


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def _add_rows(table: Table, rows: Iterable[Sequence[object]]) -> Table:
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table


def _kept(connection: duckdb.DuckDBPyConnection) -> Table:
    kept = {project: counts for project, *counts in connection.execute(KEPT).fetchall()}
    published = {project: counts for project, *counts in connection.execute(PUBLISHED).fetchall()}
    columns = ["Kept", "annotations", "ground truth", "of tasks", "videos or frames", "rows to train on"]
    rows = ([name, *kept.get(p, (0, 0, 0)), *published[p]] for p, name in PROJECTS.items())
    return _add_rows(_table("", columns), rows)


def _by_project(connection: duckdb.DuckDBPyConnection, query: str, title: str) -> Table:
    counts = {(project, what): n for project, what, n in connection.execute(query).fetchall()}
    whats = sorted({what for _, what in counts}, key=lambda what: (-_total(counts, what), what))
    rows = ([what, *(counts.get((project, what), 0) for project in PROJECTS)] for what in whats)
    return _add_rows(_table("", [title, *PROJECTS]), rows)


def _total(counts: dict[tuple[str, str], int], what: str) -> int:
    return sum(n for (_, other), n in counts.items() if other == what)


def _gates(connection: duckdb.DuckDBPyConnection) -> Table:
    names = [name for (name,) in connection.execute(FAILING_GATES).fetchall()]
    counts = {name: connection.table(f'gates."{name}"').count("*").fetchone()[0] for name in names}
    table = _table("", [f"Gates that complain, of {len(names)}", "rows", "to see them"])
    failing = ([name, n, f"select * from gates.{name};"] for name, n in counts.items() if n)
    return _add_rows(table, failing)


def _files(root: Path) -> Table:
    table = _table("", [f"Published in {root}", "rows", "bytes"])
    for version in TrainingSets(root):
        for file in version.files():
            table.add_row(f"v_{version.number}/{file.path}", f"{file.rows:,}", f"{file.bytes:,}")
    return table
