"""The load: exports in, staging tables out, in one transaction."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files

import duckdb
import pyarrow as pa

from harvest.database import connect
from harvest.errors import HarvestError
from harvest.loader.batches import Batches, loader_sql
from harvest.loader.envelope import Task
from harvest.loader.find import ExportFile, find_exports
from harvest.loader.known import Known, forget, keep_only, known_exports, loader_fingerprint, staged_parts
from harvest.loader.refuse import explain_refusal
from harvest.loader.report import LoadReport, ProjectCounts, Quarantined, loss_warnings
from harvest.loader.rows import CONFIG_LABELS, EXPORTS, TASK_COPIES, table
from harvest.loader.settings import Settings, read_settings
from harvest.loader.source import Source, file_bytes
from harvest.loader.split import Tasks, read_part, split

MEMORY_LIMIT = "256MB"
MAX_BROKEN_BEFORE_FIRST_TASK = 1000
REPORTED_QUARANTINED = 100

PathLike = str | os.PathLike[str]


@dataclass(frozen=True)
class Progress:
    """How far a load is: bytes on disk read so far and in all, and tasks read so far."""

    bytes_read: int
    bytes_total: int
    tasks: int


def load(
    paths: Iterable[PathLike],
    *,
    projects: Mapping[str, Iterable[PathLike]] | None = None,
    database: PathLike = "harvest.duckdb",
    strict: bool = False,
    memory_limit: str = MEMORY_LIMIT,
    fresh: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """Load the exports under `paths` into the schema `label_studio` of `database`, replacing what is there.

    `projects` maps `a`, `b`, `c` to files and folders of that project, see `find_exports`. With `strict` a
    task that cannot be understood fails the load. `memory_limit` is that of DuckDB, such as `256MB`; the load
    takes up to 512 MB more. Files that the load before has staged already are not read again, unless `fresh`.
    `progress` is called now and then. Raises HarvestError, and then nothing in the database has changed.
    """
    exports = find_exports(paths, projects)
    warnings: list[str] = []
    settings = _settings(exports, warnings.append)
    with _transaction(os.fspath(database), memory_limit) as connection:
        loading = _Load(connection, exports, settings, progress)
        loading.keep_known(fresh=fresh)
        with Batches(connection, exports) as batches:
            loading.read_all(batches)
        report = loading.finish(os.fspath(database), warnings)
        if strict and report.quarantined_count:
            raise HarvestError(_strict_refusal(report))
    return report


@contextmanager
def _transaction(database: str, memory_limit: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose changes all happen or none; after a failure a new database file is gone again."""
    is_new = not os.path.lexists(database)
    try:
        with connect(database) as connection:
            # Reading, flattening and writing have a thread each. A single writing thread also compresses as
            # it goes, where several keep what each has too little of in memory until the end.
            connection.execute("set threads = 1")
            # filters that a join or a limit pushes into an Arrow table are slow there, and have crashed
            connection.execute("set disabled_optimizers = 'join_filter_pushdown,top_n'")
            _set_memory_limit(connection, memory_limit)
            connection.begin()
            yield connection
            connection.commit()
    except BaseException as error:
        if is_new:
            for path in (database, f"{database}.wal"):
                with suppress(FileNotFoundError):
                    os.unlink(path)
        if isinstance(error, duckdb.OutOfMemoryException):
            raise HarvestError(
                f"A memory limit of {memory_limit} is too small for these exports; some task in them may be "
                "very large. Nothing was loaded; load again with a larger limit, such as --memory-limit 2GB."
            ) from error
        raise


def _set_memory_limit(connection: duckdb.DuckDBPyConnection, memory_limit: str) -> None:
    try:
        connection.execute("set memory_limit = ?", [memory_limit])
    except duckdb.Error as error:
        raise HarvestError(f"{memory_limit} is no amount of memory. Write it like 256MB or 2GB.") from error


def _settings(exports: Iterable[ExportFile], warn: Callable[[str], None]) -> list[Settings]:
    by_folder: dict[str, Settings] = {}
    for export in exports:
        folder = os.path.dirname(export.path)
        if folder not in by_folder:
            by_folder[folder] = read_settings(folder, warn)
    return [by_folder[os.path.dirname(export.path)] for export in exports]


def _strict_refusal(report: LoadReport) -> str:
    first = report.quarantined[0]
    others = report.quarantined_count - 1
    return (
        f"{first} ({f'and {others:,} more' if others else 'the only one'}). Nothing was loaded, because of "
        "--strict. Repair or export again, or load without --strict to leave such tasks out."
    )


class _Load:
    """One load in an open transaction. Files have numbers, from 1 on in the order of their paths."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        exports: list[ExportFile],
        settings: list[Settings],
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.connection = connection
        self.exports = exports
        self.settings = settings
        self.progress = progress or (lambda _progress: None)
        self.sizes = [file_bytes(export.path) for export in exports]
        self.bytes_total = sum(self.sizes)
        self.bytes_read = 0
        self.kept: dict[int, Known] = {}
        self.is_read: set[int] = set()
        self.parts: dict[tuple[str, int], dict[int, tuple[str, int]]] = {}
        self.part_rows: list[tuple[int, str, int]] = []
        self.superseded_copies: list[tuple[int, str, int]] = []
        self.loader = loader_fingerprint()
        self.export_rows: list[tuple] = []
        self.label_rows: list[tuple] = []

    def keep_known(self, *, fresh: bool) -> None:
        """Keep what is staged of the files that have not changed, and nothing else."""
        kept = {} if fresh else self._known()
        if kept:
            self.kept = keep_only(self.connection, kept)
            self.connection.execute(
                "delete from label_studio.exports; delete from label_studio.config_labels"
            )
        else:
            self.connection.execute(files("harvest").joinpath("staging.sql").read_text(encoding="utf-8"))
        self.bytes_read = sum(known.bytes for known in self.kept.values())

    def _known(self) -> dict[int, Known]:
        def show(hashed: int) -> None:
            self.progress(Progress(hashed, self.bytes_total, 0))

        return known_exports(self.connection, self.exports, self.settings, self.sizes, show)

    def read_all(self, batches: Batches) -> None:
        """Stage every file that is not staged yet.

        From the last path to the first: re-exports are often named by date, and a copy of a task that does
        not replace a staged one is the cheaper case.
        """
        for export_id in range(len(self.exports), 0, -1):
            if export_id not in self.kept:
                self._read(export_id, batches)
        if self.parts:
            batches.wait()
            again = staged_parts(self.connection, self.parts)
            forget(self.connection, again)
            for export_id in sorted(again - self.is_read):
                del self.kept[export_id]
                self._read(export_id, batches)
            self._merge_parts(batches)
        batches.wait()

    def _read(self, export_id: int, batches: Batches) -> None:
        """Stage the tasks of one file."""
        path, project = self.exports[export_id - 1].path, self.exports[export_id - 1].project
        media_pointer = self.settings[export_id - 1].config.media_pointer
        with Source(path) as source:
            task_count, broken_count, other_count = 0, 0, 0
            for piece in split(source):
                if isinstance(piece, Tasks):
                    if piece.is_one_annotation:
                        self._remember(piece.tasks[0], export_id)
                    else:
                        batches.add(piece, project, export_id, media_pointer)
                    task_count += len(piece.tasks)
                else:
                    batches.set_aside(piece, export_id)
                    broken_count += 1
                    other_count += piece.is_other_json
                if not task_count and broken_count > MAX_BROKEN_BEFORE_FIRST_TASK:
                    break
                self.progress(
                    Progress(
                        self.bytes_read + source.disk_bytes,
                        self.bytes_total,
                        batches.task_count + broken_count,
                    )
                )
            is_export = task_count or not (other_count or b'"annotations"' not in source.head)
            if not is_export and (broken_count or not source.head.strip()):
                raise HarvestError(explain_refusal(path, source.head))
            self._add_export(export_id, source.sha256(), source.disk_bytes, task_count + broken_count)
            self.bytes_read += source.disk_bytes
        self.is_read.add(export_id)

    def _remember(self, task: Task, export_id: int) -> None:
        """Note which file holds the latest copy of an annotation that is a file of its own."""
        key = self.exports[export_id - 1].project, task.id
        annotations = self.parts.setdefault(key, {})
        annotation = task.annotations[0]
        copy = annotation.updated_at or "", export_id
        older = min(copy, annotations.get(annotation.id, copy))
        annotations[annotation.id] = max(copy, annotations.get(annotation.id, copy))
        self.part_rows.append((export_id, *key))
        if older != annotations[annotation.id]:
            self.superseded_copies.append((older[1], *key))

    def _merge_parts(self, batches: Batches) -> None:
        """Read the annotations that are files of their own again, task by task, and add the tasks.

        So that only their ids and times are in memory at once. A merged task is a copy like any other: its
        latest file says when it was updated, and the task of the others is superseded.
        """
        for (project, task_id), annotations in self.parts.items():
            copies = []
            for export_id in sorted(export_id for _, export_id in annotations.values()):
                path = self.exports[export_id - 1].path
                with Source(path) as source:
                    part = read_part(source)
                if part is None:
                    raise HarvestError(f"{path} was changed while it was loaded. Load again.")
                copies.append((part.tasks[0].updated_at or "", export_id, part))
            _, export_id, newest = max(copies, key=lambda copy: copy[:2])
            self.superseded_copies += [
                (other, project, task_id) for _, other, _ in copies if other != export_id
            ]
            task = newest.tasks[0]
            task.annotations = [part.tasks[0].annotations[0] for _, _, part in copies]
            batches.add(
                Tasks([task], newest.byte_offset, newest.text),
                project,
                export_id,
                self.settings[export_id - 1].config.media_pointer,
            )

    def _add_export(self, export_id: int, sha256: str, size: int, task_count: int) -> None:
        export, settings = self.exports[export_id - 1], self.settings[export_id - 1]
        self.export_rows.append(
            (
                export_id,
                export.project,
                export.path,
                sha256,
                size,
                task_count,
                *(0, 0, 0),
                settings.maximum_annotations,
                settings.overlap_cohort_percentage,
                settings.skip_queue,
                settings.label_config,
                settings.config.media_key,
                settings.config.frame_rate,
                self.loader,
            )
        )
        self.label_rows += [
            (export_id, control, label, kind) for (control, label), kind in settings.config.labels
        ]

    def finish(self, database: str, warnings: Iterable[str]) -> LoadReport:
        """Count everything."""
        execute = self.connection.execute
        for export_id, known in self.kept.items():
            self._add_export(export_id, known.sha256, known.bytes, known.task_count)
        self._insert("superseded_copies", table(self.superseded_copies, TASK_COPIES))
        self._insert("task_parts", table(self.part_rows, TASK_COPIES))
        self._insert("exports", table(sorted(self.export_rows), EXPORTS))
        self._insert("config_labels", table(self.label_rows, CONFIG_LABELS))
        execute(loader_sql("finish"))
        counts = execute("from project_counts order by project").fetchall()
        quarantined = execute(
            f"""
            select path, byte_offset, byte_length, task_id, reason
            from label_studio.quarantine inner join label_studio.exports using (export_id)
            order by export_id, byte_offset limit {REPORTED_QUARANTINED}
            """
        ).fetchall()
        losses = execute(loader_sql("losses")).fetchall()
        return LoadReport(
            database,
            [ProjectCounts(*row) for row in counts],
            [*warnings, *(warning for loss in losses for warning in loss_warnings(*loss))],
            [Quarantined(*row) for row in quarantined],
            unchanged_files=len(self.kept),
        )

    def _insert(self, relation: str, incoming_rows: pa.Table) -> None:
        self.connection.execute(f"insert into label_studio.{relation} from incoming_rows")
