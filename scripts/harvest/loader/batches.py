"""Decoded tasks into the staging tables, batch after batch.

A batch is read and checked while a second thread flattens the one before it and a third writes the one before
that. DuckDB finds Arrow tables by the names of local variables, such as a method's arguments; registered
tables would live until the commit.
"""

import ctypes
import gc
import sys
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.resources import files
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from harvest.errors import HarvestError
from harvest.loader.careful import NotUnderstoodError, understand
from harvest.loader.envelope import without_raw
from harvest.loader.find import ExportFile
from harvest.loader.rows import LOADING_EXPORTS, QUARANTINE, Batch, table
from harvest.loader.split import Broken, Tasks, broken
from harvest.loader.worker import Worker

BATCH_BYTES = 24 * 2**20
BATCHES_BETWEEN_TRIMS = 4
MAX_QUARANTINED_IN_BATCH = 1000


def loader_sql(name: str) -> str:
    """The text of one of the loader's SQL files."""
    return files("harvest.loader").joinpath(f"{name}.sql").read_text(encoding="utf-8")


class _Pending:
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


class Batches:
    """Stages tasks through `connection`, which is in a transaction and has the staging tables.

    `task_count` counts the tasks added. What goes wrong in another thread is raised by a later call.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, exports: list[ExportFile]) -> None:
        self.task_count = 0
        self._connection = connection
        self._pending = _Pending()
        self._written = 0
        self._loading_exports = table(
            [(export_id, export.path) for export_id, export in enumerate(exports, start=1)], LOADING_EXPORTS
        )
        names = ("check", "suspects", "flatten", "fingerprints")
        names += ("batch_tasks", "batch_media", "media_conflicts", "batch_supersede")
        names += ("batch_annotations", "batch_rows")
        self._sql = {name: loader_sql(name) for name in names}

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(_short_switches())
            stack.enter_context(_no_collections())
            # a statement that fails ends its transaction: what may fail runs in connections of its own
            self._checking = stack.enter_context(self._connection.cursor())
            self._flattening = stack.enter_context(self._connection.cursor())
            self._writer = stack.enter_context(Worker(self._connection, "harvest-writer"))
            self._flattener = stack.enter_context(Worker(self._flattening, "harvest-flattener"))
            self._checker = stack.enter_context(Worker(self._checking, "harvest-checker"))
            for connection in (self._connection, self._checking, self._flattening):
                connection.execute(loader_sql("macros"))
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    def add(self, window: Tasks, project: str, export_id: int, media_pointer: str | None) -> None:
        """Add the tasks of a window."""
        pending = self._pending
        pending.windows.append((self.task_count, export_id, window))
        pending.bytes += len(window.text)
        if not window.is_checked and window.tasks:
            envelope = without_raw(window.text, window.tasks)
            pending.rows.add_envelope(self.task_count, self.task_count + len(window.tasks) - 1, envelope)
        for task in window.tasks:
            pending.rows.add(task, self.task_count, project, export_id, media_pointer)
            self.task_count += 1
        if pending.bytes >= BATCH_BYTES:
            self.flush()

    def set_aside(self, piece: Broken, export_id: int) -> None:
        """Put what is no task into the quarantine."""
        self._pending.set_aside(piece, export_id)
        if len(self._pending.quarantine) > MAX_QUARANTINED_IN_BATCH:
            self.flush()

    def flush(self) -> None:
        """Hand what was added over to be written."""
        pending, self._pending = self._pending, _Pending()
        # in another thread, since while DuckDB looks for tables a Ctrl-C in this one would be lost
        self._checker.submit(lambda: self._check(pending))
        self._checker.wait()

    def wait(self) -> None:
        """Return when everything that was added is written."""
        self.flush()
        self._flattener.wait()
        self._writer.wait()

    def _check(self, pending: _Pending) -> None:
        """Set aside what cannot be understood and hand the rest over to be flattened."""
        tables = pending.rows.tables()
        if pending.windows:
            tables["unreadable_tasks"] = self._unreadable_tasks(pending, **tables)
        tables["quarantine"] = table(pending.quarantine, QUARANTINE)
        self._flattener.submit(lambda: self._flatten(tables))

    def _unreadable_tasks(
        self,
        pending: _Pending,
        incoming_tasks: pa.Table,
        incoming_results: pa.Table,
        incoming_envelopes: pa.Table,
        **_others: pa.Table,
    ) -> pa.Table:
        """The tasks that the typed envelope took but that cannot be understood; they are set aside."""
        execute, sql = self._checking.execute, self._sql
        try:
            (has_suspects,) = execute(sql["check"]).fetchone()
        except (duckdb.InvalidInputException, duckdb.ConversionException):
            has_suspects = True
        suspects = execute(sql["suspects"]).fetchall() if has_suspects else ()
        unreadable = list(_look_closely(pending, suspects))
        return pa.table({"task_seq": pa.array(unreadable, pa.int64())})

    def _flatten(self, tables: dict[str, pa.Table]) -> None:
        """Flatten the batch's results and hand all of it over to be written."""
        if "unreadable_tasks" in tables:
            tables |= self._regions(**tables)
            del tables["incoming_results"], tables["incoming_envelopes"]
        self._writer.submit(lambda: self._write(**tables))

    def _regions(
        self, incoming_results: pa.Table, unreadable_tasks: pa.Table, **_others: pa.Table
    ) -> dict[str, pa.Table]:
        flattened_regions = self._flattening.execute(self._sql["flatten"]).to_arrow_table()
        fingerprints = self._flattening.execute(self._sql["fingerprints"]).to_arrow_table()
        return {"flattened_regions": flattened_regions, "fingerprints": fingerprints}

    def _write(self, quarantine: pa.Table, **tables: pa.Table) -> None:
        """Write a batch into the staging tables."""
        if "flattened_regions" in tables:
            self._write_rows(self._loading_exports, **tables)
        if quarantine.num_rows:
            self._connection.execute("insert into label_studio.quarantine from quarantine")
        self._written += 1
        if self._written % BATCHES_BETWEEN_TRIMS == 0:
            _give_memory_back()

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
    ) -> None:
        """Write a batch's rows. Temporary tables would keep their memory until the commit."""
        batch_tasks = self._table("batch_tasks", incoming_tasks, unreadable_tasks)
        if pc.any(batch_tasks["has_other_copies"]).as_py():
            self._refuse_conflicts(loading_exports, batch_tasks, self._table("batch_media", incoming_tasks))
            self._connection.execute(self._sql["batch_supersede"])
            is_newest = batch_tasks["is_newest"]
            replaces = pc.and_(is_newest, pc.is_valid(batch_tasks["staged_export_id"]))
            delete_tasks(self._connection, batch_tasks.filter(replaces))
            batch_tasks = batch_tasks.filter(is_newest)
        # a join would hold the tasks' data, which may be large, in memory
        if len(batch_tasks) < len(incoming_tasks):
            chosen = batch_tasks["task_seq"]
            incoming_tasks = incoming_tasks.filter(pc.is_in(incoming_tasks["task_seq"], chosen))
        self._insert(
            incoming_tasks,
            incoming_drafts,
            incoming_predictions,
            batch_tasks,
            self._annotations(incoming_annotations, batch_tasks, fingerprints),
            flattened_regions,
        )

    def _table(
        self, name: str, incoming_tasks: pa.Table, unreadable_tasks: pa.Table | None = None
    ) -> pa.Table:
        return self._connection.execute(self._sql[name]).to_arrow_table()

    def _annotations(
        self, incoming_annotations: pa.Table, batch_tasks: pa.Table, fingerprints: pa.Table
    ) -> pa.Table:
        return self._connection.execute(self._sql["batch_annotations"]).to_arrow_table()

    def _refuse_conflicts(
        self, loading_exports: pa.Table, batch_tasks: pa.Table, batch_media: pa.Table
    ) -> None:
        if conflicts := self._connection.execute(self._sql["media_conflicts"]).fetchall():
            raise HarvestError(
                "Project {}, task {} shows {} in {} but {} in {}: two servers' exports, or exports "
                "of a project that was made anew, are mixed. Load the exports of one.".format(*min(conflicts))
            )

    def _insert(
        self,
        incoming_tasks: pa.Table,
        incoming_drafts: pa.Table,
        incoming_predictions: pa.Table,
        batch_tasks: pa.Table,
        batch_annotations: pa.Table,
        flattened_regions: pa.Table,
    ) -> None:
        self._connection.execute(self._sql["batch_rows"])


def delete_tasks(connection: duckdb.DuckDBPyConnection, replaced_tasks: pa.Table) -> None:
    """Take these tasks, given by project and task_id, out of the staging tables with all that is theirs."""
    connection.execute(loader_sql("delete_replaced"))


def _look_closely(pending: _Pending, suspects: Iterable[tuple[int, bool]]) -> Iterator[int]:
    """Read the suspect tasks the careful way; those that are not understood are set aside and yielded."""
    starts = [start for start, _, _ in pending.windows]
    for task_seq, is_unreadable in suspects:
        start, export_id, window = pending.windows[bisect_right(starts, task_seq) - 1]
        index = task_seq - start
        byte_offset, text = window.locate(index)
        reason = "a text in it is no valid Unicode" if is_unreadable else None
        if not window.is_checked:
            try:
                understand(text)
            except NotUnderstoodError as error:
                reason = error.reason
        if reason:
            pending.set_aside(broken(text, byte_offset, reason, window.tasks[index].id), export_id)
            yield task_seq


def _give_memory_back() -> None:
    """Texts of batches come and go in several threads, and glibc keeps the gaps that they leave."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim:
        trim(0)


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
