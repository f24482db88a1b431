"""What a build kept, what it left out and why, how far the frames may be trusted, and where the files are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

import duckdb
from rich.console import Console
from rich.table import Table

from harvest.errors import HarvestError
from harvest.layout import SETS, TrainingSets

PROJECTS = {"a": "a  action timeline", "b": "b  hand and object", "c": "c  body pose"}

KEPT = """
    select
        project,
        count(*) filter (where kind = 'annotation') as annotations,
        count(*) filter (where is_ground_truth) as ground_truth
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

GATES = """
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
        tables = [
            _kept(connection),
            _by_project(connection, LEFT_OUT, "Left out, and why"),
            _by_project(connection, REJECTED, "Regions not used"),
            _by_project(connection, TIERS, "Frames by tier"),
            _gates(connection),
            _files(training_sets),
        ]
    for table in tables:
        console.print(table)
        console.print()


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


def _table(title: str, rows: Iterable[Sequence[object]], columns: Sequence[str]) -> Table:
    """Names under the title, and to their right numbers under `columns`."""
    table = Table(box=None, pad_edge=False)
    table.add_column(title, no_wrap=True, min_width=38)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True, min_width=5)
    for row in rows:
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table


def _kept(connection: duckdb.DuckDBPyConnection) -> Table:
    kept = {project: counts for project, *counts in connection.execute(KEPT).fetchall()}
    published = {project: counts for project, *counts in connection.execute(PUBLISHED).fetchall()}
    rows = [[name, *kept.get(project, (0, 0)), *published[project]] for project, name in PROJECTS.items()]
    columns = ["annotations", "kept", "media", "rows"]
    return _table("Kept", rows, columns)


def _by_project(connection: duckdb.DuckDBPyConnection, query: str, title: str) -> Table:
    counts = {(project, what): n for project, what, n in connection.execute(query).fetchall()}
    totals = Counter[str]()
    for (_, what), n in counts.items():
        totals[what] += n
    rows = [
        [what, *(counts.get((project, what), 0) for project in PROJECTS)]
        for what, _ in sorted(totals.items(), key=lambda total: (-total[1], total[0]))
    ]
    return _table(title, rows, list(PROJECTS))


def _gates(connection: duckdb.DuckDBPyConnection) -> Table:
    names = [name for (name,) in connection.execute(GATES).fetchall()]
    counts = {name: connection.table(f'gates."{name}"').count("*").fetchone()[0] for name in names}
    failing = [[name, n] for name, n in counts.items() if n]
    return _table(f"Gates that complain ({len(failing)} of {len(names)})", failing, ["rows"])


def _files(root: Path) -> Table:
    rows = []
    for version in TrainingSets(root):
        folder = f"v_{version.number}"
        sets = [file for name in SETS for file in version.files(name)]
        rows += [[f"{folder}/{file.path}", file.rows, file.bytes] for file in sets]
        others = [file for file in version.files() if file not in sets]
        for part in sorted({PurePosixPath(file.path).parts[0] for file in others}):
            files = [file for file in others if file.path.startswith(f"{part}/")]
            totals = [sum(file.rows for file in files), sum(file.bytes for file in files)]
            rows.append([f"{folder}/{part}/ ({len(files)} files)", *totals])
    return _table(f"Published in {root}", rows, ["rows", "bytes"])
