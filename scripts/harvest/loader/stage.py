"""The load: exports in, staging tables out, in one transaction."""

import gc
import os
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.resources import files

import duckdb
import pyarrow as pa

from harvest.database import connect
from harvest.errors import HarvestError
from harvest.loader.careful import NotUnderstoodError, understand
from harvest.loader.envelope import Task, without_results
from harvest.loader.find import ExportFile, find_exports
from harvest.loader.refuse import explain_refusal
from harvest.loader.report import LoadReport, ProjectCounts, Quarantined, loss_warnings
from harvest.loader.rows import (
    CONFIG_LABELS,
    EXPORTS,
    LOADING_EXPORTS,
    QUARANTINE,
    SUPERSEDED_COPIES,
    Batch,
    record_batch,
)
from harvest.loader.settings import Settings, read_settings
from harvest.loader.source import Source, file_bytes
from harvest.loader.split import Broken, Tasks, broken, split
from harvest.loader.worker import Worker

BATCH_BYTES = 32 * 2**20
MEMORY_LIMIT = "256MB"
MAX_BROKEN_BEFORE_FIRST_TASK = 1000
MAX_QUARANTINED_IN_BATCH = 1000
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
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """Load the exports under `paths` into the schema `label_studio` of `database`, replacing what is there.

    `projects` maps `a`, `b`, `c` to files and folders of that project, see `find_exports`. With `strict` a
    task that cannot be understood fails the load. `memory_limit` is that of DuckDB, such as `256MB`; the load
    takes up to 512 MB more. `progress` is called now and then. Raises HarvestError, and then nothing in the
    database has changed.
    """
    exports = find_exports(paths, projects)
    warnings: list[str] = []
    settings = _settings(exports, warnings.append)
    with _transaction(os.fspath(database), memory_limit) as connection:
        with (
            _short_switches(),
            _no_collections(),
            connection.cursor() as flattening,
            Worker(connection, "harvest-writer") as writer,
            Worker(flattening, "harvest-flattener") as flattener,
        ):
            loading = _Load(connection, writer, flattening, flattener, exports, settings, progress)
            for export_id in range(len(exports), 0, -1):
                loading.read(export_id)
            loading.merge_stored_annotations()
            loading.flush()
            flattener.wait()
            writer.wait()
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
            _set_memory_limit(connection, memory_limit)
            connection.begin()
            yield connection
            connection.commit()
    except BaseException:
        if is_new:
            for path in (database, f"{database}.wal"):
                with suppress(FileNotFoundError):
                    os.unlink(path)
        raise


@contextmanager
def _short_switches() -> Iterator[None]:
    """DuckDB asks for Python's lock after every step, and should not wait 5 ms for it."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(0.0002)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


@contextmanager
def _no_collections() -> Iterator[None]:
    """A load makes many objects and no cycles."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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


def _sql(name: str) -> str:
    return files("harvest").joinpath(name).read_text(encoding="utf-8")


class _Batch:
    """What is read but not yet written: rows, and the text they were decoded from."""

    def __init__(self) -> None:
        self.rows = Batch()
        self.windows: list[tuple[int, int, Tasks]] = []
        self.bytes = 0
        self.quarantine: list[tuple] = []

    def set_aside(self, piece: Broken, export_id: int) -> None:
        self.quarantine.append(
            (export_id, piece.byte_offset, piece.byte_length, piece.task_id, piece.reason, piece.excerpt)
        )


class _Load:
    """One load in an open transaction.

    Files are best read from the last path to the first: re-exports are often named by date, and a copy of a
    task that does not replace a staged one is the cheaper case.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        writer: Worker,
        flattening: duckdb.DuckDBPyConnection,
        flattener: Worker,
        exports: list[ExportFile],
        settings: list[Settings],
        progress: Callable[[Progress], None] | None,
    ) -> None:
        self.connection = connection
        self.writer = writer
        self.flattening = flattening
        self.flattener = flattener
        self.exports = exports
        self.settings = settings
        self.progress = progress or (lambda _progress: None)
        self.bytes_total = sum(file_bytes(export.path) for export in exports)
        self.bytes_read = 0
        self.task_count = 0
        self.batch = _Batch()
        self.stored: dict[tuple[str, int], dict[int, tuple[str, int]]] = {}
        self.merged_copies: list[tuple[int, int]] = []
        self.export_rows: list[tuple] = []
        self.label_rows: list[tuple] = []
        names = (
            *("check", "suspects", "flatten", "fingerprints"),
            *("batch_tasks", "media_conflicts", "batch_supersede", "batch_rows", "losses"),
        )
        self.sql = {name: _sql(f"loader/{name}.sql") for name in names}
        connection.execute(_sql("staging.sql"))
        for each in (connection, flattening):
            each.execute(_sql("loader/macros.sql"))
        connection.execute(_sql("loader/working_tables.sql"))
        self.loading_exports = pa.Table.from_batches(
            [
                record_batch(
                    [
                        (export_id, export.project, export.path, setting.config.media_key)
                        for export_id, (export, setting) in enumerate(
                            zip(exports, settings, strict=True), start=1
                        )
                    ],
                    LOADING_EXPORTS,
                )
            ]
        )

    def read(self, export_id: int) -> None:
        """Stage the tasks of one file."""
        path = self.exports[export_id - 1].path
        with Source(path) as source:
            task_count, broken_count, other_count = 0, 0, 0
            for piece in split(source):
                if isinstance(piece, Tasks):
                    if piece.is_one_annotation:
                        self._remember(piece.tasks[0], export_id)
                    else:
                        self._add(piece, export_id)
                    task_count += len(piece.tasks)
                else:
                    self.batch.set_aside(piece, export_id)
                    if len(self.batch.quarantine) > MAX_QUARANTINED_IN_BATCH:
                        self.flush()
                    broken_count += 1
                    other_count += piece.is_other_json
                if not task_count and broken_count > MAX_BROKEN_BEFORE_FIRST_TASK:
                    break
                self.progress(
                    Progress(
                        self.bytes_read + source.disk_bytes, self.bytes_total, self.task_count + broken_count
                    )
                )
            is_export = task_count or not (other_count or b'"annotations"' not in source.head)
            if not is_export and (broken_count or not source.head.strip()):
                raise HarvestError(explain_refusal(path, source.head))
            self._add_export(export_id, source.sha256(), source.disk_bytes, task_count + broken_count)
            self.bytes_read += source.disk_bytes

    def _add(self, window: Tasks, export_id: int) -> None:
        batch = self.batch
        batch.windows.append((self.task_count, export_id, window))
        batch.bytes += len(window.text)
        if not window.is_checked and window.tasks:
            envelope = without_results(window.text, window.tasks)
            batch.rows.add_envelope(self.task_count, self.task_count + len(window.tasks) - 1, envelope)
        for task in window.tasks:
            batch.rows.add(task, self.task_count, export_id)
            self.task_count += 1
        if batch.bytes >= BATCH_BYTES:
            self.flush()

    def _remember(self, task: Task, export_id: int) -> None:
        """Note which file holds the latest copy of an annotation that is a file of its own."""
        annotations = self.stored.setdefault((self.exports[export_id - 1].project, task.id), {})
        annotation = task.annotations[0]
        copy = annotation.updated_at or "", export_id
        older = min(copy, annotations.get(annotation.id, copy))
        annotations[annotation.id] = max(copy, annotations.get(annotation.id, copy))
        if older != annotations[annotation.id]:
            self.merged_copies.append((older[1], 1))

    def merge_stored_annotations(self) -> None:
        """Read the annotations that are files of their own again, task by task, and add the tasks.

        So that only their ids and times are in memory at once. A merged task is a copy like any other: its
        latest file says when it was updated, and the task of the others is superseded.
        """
        for annotations in self.stored.values():
            copies = []
            for export_id in sorted(export_id for _, export_id in annotations.values()):
                path = self.exports[export_id - 1].path
                with Source(path) as source:
                    pieces = list(split(source))
                if len(pieces) != 1 or not isinstance(pieces[0], Tasks):
                    raise HarvestError(f"{path} was changed while it was loaded. Load again.")
                copies.append((pieces[0].tasks[0].updated_at or "", export_id, pieces[0]))
            _, export_id, newest = max(copies, key=lambda copy: copy[:2])
            self.merged_copies += [(other, 1) for _, other, _ in copies if other != export_id]
            task = newest.tasks[0]
            task.annotations = [piece.tasks[0].annotations[0] for _, _, piece in copies]
            self._add(Tasks([task], newest.byte_offset, newest.text), export_id)

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
            )
        )
        self.label_rows += [
            (export_id, control, label, kind) for (control, label), kind in settings.config.labels
        ]

    def flush(self) -> None:
        """Hand the batch over to be flattened and written."""
        batch, self.batch = self.batch, _Batch()
        self.flattener.submit(lambda: self._flatten(batch))

    def _flatten(self, batch: "_Batch") -> None:
        """Flatten the batch's results and hand all of it over to be written."""
        tables = batch.rows.tables()
        if batch.windows:
            tables["unreadable_tasks"] = self._unreadable_tasks(batch, self.loading_exports, **tables)
            tables |= self._regions(**tables)
        quarantine = record_batch(batch.quarantine, QUARANTINE)
        self.writer.submit(lambda: self._write(quarantine, tables))

    def _unreadable_tasks(
        self,
        batch: "_Batch",
        loading_exports: pa.Table,
        incoming_tasks: pa.Table,
        incoming_results: pa.Table,
        incoming_envelopes: pa.Table,
        **_others: pa.Table,
    ) -> pa.Table:
        """Set aside the tasks that the typed envelope took but that cannot be understood.

        DuckDB finds tables by the names of the arguments, here and below; registered ones would live on.
        """
        execute, sql = self.flattening.execute, self.sql
        try:
            (has_suspects,) = execute(sql["check"]).fetchone()
        except duckdb.Error:
            has_suspects = True
        suspects = execute(sql["suspects"]).fetchall() if has_suspects else ()
        unreadable = self._look_closely(batch, suspects)
        return pa.table({"task_seq": pa.array(unreadable, pa.int64())})

    def _regions(
        self, incoming_results: pa.Table, unreadable_tasks: pa.Table, **_others: pa.Table
    ) -> dict[str, pa.Table]:
        flattened_regions = self.flattening.execute(self.sql["flatten"]).to_arrow_table()
        fingerprints = self.flattening.execute(self.sql["fingerprints"]).to_arrow_table()
        return {"flattened_regions": flattened_regions, "fingerprints": fingerprints}

    def _write(self, quarantine: pa.RecordBatch, tables: dict[str, pa.Table]) -> None:
        """Write a batch into the staging tables."""
        if "flattened_regions" in tables:
            self._write_rows(self.loading_exports, **tables)
        if quarantine.num_rows:
            self._insert("label_studio.quarantine", quarantine)

    def _write_rows(
        self,
        loading_exports: pa.Table,
        incoming_tasks: pa.Table,
        incoming_annotations: pa.Table,
        incoming_drafts: pa.Table,
        incoming_predictions: pa.Table,
        unreadable_tasks: pa.Table,
        flattened_regions: pa.Table,
        fingerprints: pa.Table,
        **_others: pa.Table,
    ) -> None:
        execute, sql = self.connection.execute, self.sql
        execute(sql["batch_tasks"])
        if execute("from batch_tasks where has_other_copies limit 1").fetchone():
            if conflict := execute(sql["media_conflicts"]).fetchone():
                raise HarvestError(
                    "Project {}, task {} shows {} in {} but {} in {}: two servers' exports, or exports "
                    "of a project that was made anew, are mixed. Load the exports of one.".format(*conflict)
                )
            execute(sql["batch_supersede"])
        execute(sql["batch_rows"])

    def _look_closely(self, batch: "_Batch", suspects: Iterable[tuple[int, bool]]) -> list[int]:
        """Read the suspect tasks the careful way, and set aside those that are not understood."""
        unreadable = []
        starts = [start for start, _, _ in batch.windows]
        for task_seq, is_unreadable in suspects:
            start, export_id, window = batch.windows[bisect_right(starts, task_seq) - 1]
            index = task_seq - start
            byte_offset, text = window.locate(index)
            reason = "a text in it is no valid Unicode" if is_unreadable else None
            if not window.is_checked:
                try:
                    understand(text)
                except NotUnderstoodError as error:
                    reason = error.reason
            if reason:
                batch.set_aside(broken(text, byte_offset, reason, window.tasks[index].id), export_id)
                unreadable.append(task_seq)
        return unreadable

    def _insert(self, table: str, incoming_rows: pa.RecordBatch) -> None:
        incoming_rows = pa.Table.from_batches([incoming_rows])
        self.connection.execute(f"insert into {table} from incoming_rows")

    def finish(self, database: str, warnings: Iterable[str]) -> LoadReport:
        """Count everything."""
        execute = self.connection.execute
        self._insert("superseded_copies", record_batch(self.merged_copies, SUPERSEDED_COPIES))
        self._insert("label_studio.exports", record_batch(self.export_rows, EXPORTS))
        self._insert("label_studio.config_labels", record_batch(self.label_rows, CONFIG_LABELS))
        execute(_sql("loader/finish.sql"))
        counts = execute("from project_counts order by project").fetchall()
        quarantined = execute(
            f"""
            select path, byte_offset, byte_length, task_id, reason
            from label_studio.quarantine inner join label_studio.exports using (export_id)
            order by export_id, byte_offset limit {REPORTED_QUARANTINED}
            """
        ).fetchall()
        losses = execute(self.sql["losses"]).fetchall()
        return LoadReport(
            database,
            [ProjectCounts(*row) for row in counts],
            [*warnings, *(warning for loss in losses for warning in loss_warnings(*loss))],
            [Quarantined(*row) for row in quarantined],
        )
