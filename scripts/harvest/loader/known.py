"""What an earlier load has staged already, so that only new and changed files are read."""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from importlib.resources import files

import duckdb
import pyarrow as pa

from harvest.loader.batches import delete_tasks, loader_sql
from harvest.loader.find import ExportFile
from harvest.loader.settings import Settings
from harvest.loader.source import unreadable

HASH_AT_ONCE = 256


@dataclass(frozen=True)
class Known:
    """A file that an earlier load has staged: its number then, its hash and the tasks in its bytes."""

    export_id: int
    sha256: str
    bytes: int
    task_count: int


def loader_fingerprint() -> str:
    """What a file's rows depend on besides its bytes: the code that reads it."""
    digest = hashlib.sha256()
    places = [*files("harvest.loader").iterdir(), files("harvest").joinpath("staging.sql")]
    for place in sorted(places, key=lambda place: place.name):
        if place.name.endswith((".py", ".sql")):
            digest.update(place.read_bytes())
    for package in ("duckdb", "msgspec", "pyarrow"):
        digest.update(version(package).encode())
    return digest.hexdigest()


def known_exports(
    connection: duckdb.DuckDBPyConnection,
    exports: Sequence[ExportFile],
    settings: Sequence[Settings],
    sizes: Sequence[int],
    progress: Callable[[int], None],
) -> dict[int, Known]:
    """The files among `exports` that are staged as they are, by their number in this load.

    A file is known by its bytes, its project and where its tasks say what they show. The order must be that
    of the earlier load, since among equal copies of a task the last path counts. `progress` is told the
    number of bytes hashed.
    """
    staged = connection.execute(
        "select 1 from duckdb_columns() where schema_name = 'label_studio' and column_name = 'loader'"
    ).fetchone()
    if not staged:
        return {}
    earlier: dict[tuple, list[Known]] = {}
    known_sizes = set()
    for project, media_key, *known in connection.execute(
        """
        select project, media_key, export_id, sha256, bytes, task_count
        from label_studio.exports where loader = ? order by export_id
        """,
        [loader_fingerprint()],
    ).fetchall():
        each = Known(*known)
        earlier.setdefault((project, media_key, each.sha256), []).append(each)
        known_sizes.add(each.bytes)
    candidates = [export_id for export_id, size in enumerate(sizes, start=1) if size in known_sizes]
    kept: dict[int, Known] = {}
    last_id = hashed_bytes = 0
    with ThreadPoolExecutor(os.cpu_count() or 1) as executor:
        for at in range(0, len(candidates), HASH_AT_ONCE):
            some = candidates[at : at + HASH_AT_ONCE]
            hashes = executor.map(_sha256, [exports[export_id - 1].path for export_id in some])
            for export_id, sha256 in zip(some, hashes, strict=True):
                hashed_bytes += sizes[export_id - 1]
                progress(hashed_bytes)
                media_key = settings[export_id - 1].config.media_key
                same = earlier.get((exports[export_id - 1].project, media_key, sha256), ())
                if known := next((each for each in same if each.export_id > last_id), None):
                    kept[export_id] = known
                    last_id = known.export_id
    return kept


def keep_only(connection: duckdb.DuckDBPyConnection, kept: dict[int, Known]) -> dict[int, Known]:
    """Take out what is staged of all files but `kept`, whose rows get their numbers in this load.

    Returns the files of `kept` that stay. The others hold an older copy of a task whose newest copy is gone,
    or a part of one, and are taken out too, to be read again.
    """
    gone = _gone(connection, _numbers(export_id=[known.export_id for known in kept.values()]))
    forget(connection, gone)
    stay = {export_id: known for export_id, known in kept.items() if known.export_id not in gone}
    _renumber(connection, _numbers(old_id=[known.export_id for known in stay.values()], new_id=list(stay)))
    return stay


def forget(connection: duckdb.DuckDBPyConnection, export_ids: Iterable[int]) -> None:
    """Take out what is staged of these files, by the numbers that are staged."""
    _forget(connection, _numbers(export_id=list(export_ids)))


def staged_parts(connection: duckdb.DuckDBPyConnection, tasks: Iterable[tuple[str, int]]) -> set[int]:
    """The files that hold parts of these tasks, given as project and id, among those that are staged."""
    staged: dict[tuple[str, int], set[int]] = {}
    for export_id, *task in connection.execute("from label_studio.task_parts").fetchall():
        staged.setdefault(tuple(task), set()).add(export_id)
    return {export_id for task in tasks for export_id in staged.get(task, ())}


# DuckDB finds the tables by the names of the arguments.


def _gone(connection: duckdb.DuckDBPyConnection, kept_exports: pa.Table) -> set[int]:
    return {row[0] for row in connection.execute(loader_sql("gone_exports")).fetchall()}


def _forget(connection: duckdb.DuckDBPyConnection, gone_exports: pa.Table) -> None:
    delete_tasks(connection, connection.execute(loader_sql("tasks_of_gone")).to_arrow_table())
    connection.execute(loader_sql("forget"))


def _renumber(connection: duckdb.DuckDBPyConnection, new_numbers: pa.Table) -> None:
    if new_numbers["old_id"] != new_numbers["new_id"]:
        connection.execute(loader_sql("renumber"))


def _numbers(**columns: list[int]) -> pa.Table:
    return pa.table({name: pa.array(numbers, pa.int32()) for name, numbers in columns.items()})


def _sha256(path: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise unreadable(path, error) from error
