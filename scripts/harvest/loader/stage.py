"""The load: exports in, staging tables out, in one transaction."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib.resources import files

import duckdb

from harvest.errors import HarvestError
from harvest.loader.find import ExportFile, find_exports
from harvest.loader.report import LoadReport, ProjectCounts, Quarantined
from harvest.loader.rows import Batch
from harvest.loader.settings import Settings, read_settings
from harvest.loader.split import read_tasks

BATCH_BYTES = 64 * 2**20

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
    progress: Callable[[Progress], None] | None = None,
) -> LoadReport:
    """Load the exports under `paths` into the schema `label_studio` of `database`, replacing what is there.

    `projects` maps `a`, `b`, `c` to files and folders of that project, see `find_exports`. With `strict` a task
    that cannot be understood fails the load. Raises HarvestError, and then nothing in the database has changed.
    """
    exports = find_exports(paths, projects)
    warnings: list[str] = []
    settings = _settings(exports, warnings.append)
    connection = _connect(database)
    try:
        connection.begin()
        loading = _Load(connection, exports, settings, progress)
        loading.run()
        report = loading.report(os.fspath(database), warnings)
        if strict and report.quarantined:
            raise HarvestError("strict")
        connection.commit()
    finally:
        connection.close()
    return report


def _settings(exports: Iterable[ExportFile], warn: Callable[[str], None]) -> list[Settings]:
    by_folder: dict[str, Settings] = {}
    for export in exports:
        folder = os.path.dirname(export.path)
        if folder not in by_folder:
            by_folder[folder] = read_settings(folder, warn)
    return [by_folder[os.path.dirname(export.path)] for export in exports]


def _connect(database: PathLike) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(os.fspath(database))
    connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false")
    return connection


def _sql(name: str) -> str:
    return files("harvest").joinpath(name).read_text(encoding="utf-8")


class _Load:
    """One load in an open transaction."""

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
        self.progress = progress
        self.task_seq = 0
        self.batch = Batch()
        self.sql = {
            name: _sql(f"loader/{name}.sql")
            for name in ("batch_tasks", "batch_supersede", "batch_rows", "media_conflicts")
        }
        connection.execute(_sql("staging.sql"))
        connection.execute(_sql("loader/macros.sql"))
        connection.execute(
            "create or replace temp table loading_exports (export_id integer, project varchar, path varchar, media_key varchar);"
            "create or replace temp table superseded_copies (export_id integer, copies bigint)"
        )
        connection.executemany(
            "insert into loading_exports values (?, ?, ?, ?)",
            [
                (export_id, export.project, export.path, setting.config.media_key)
                for export_id, (export, setting) in enumerate(zip(exports, settings, strict=True), start=1)
            ],
        )

    def run(self) -> None:
        for export_id in range(len(self.exports), 0, -1):
            self._read(export_id)
        self._flush()

    def _read(self, export_id: int) -> None:
        export, settings = self.exports[export_id - 1], self.settings[export_id - 1]
        digest = hashlib.sha256()
        tasks = 0
        for piece in read_tasks(export.path, digest):
            tasks += 1
            if piece.task:
                self.task_seq += 1
                self.batch.add(piece.task, self.task_seq, export_id, piece.byte_offset, piece.byte_length)
                if self.batch.bytes >= BATCH_BYTES:
                    self._flush()
        self.connection.execute(
            "insert into label_studio.exports values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                export_id,
                export.project,
                export.path,
                digest.hexdigest(),
                os.path.getsize(export.path),
                tasks,
                0,
                0,
                0,
                settings.maximum_annotations,
                settings.overlap_cohort_percentage,
                settings.skip_queue,
                settings.label_config,
                settings.config.media_key,
                settings.config.frame_rate,
            ],
        )
        if settings.config.labels:
            self.connection.executemany(
                "insert into label_studio.config_labels values (?, ?, ?, ?)",
                [(export_id, control, label, kind) for (control, label), kind in settings.config.labels],
            )

    def _flush(self) -> None:
        if not len(self.batch):
            return
        for name, table in self.batch.tables().items():
            self.connection.register(name, table)
        self.connection.execute(self.sql["batch_tasks"])
        if conflict := self.connection.execute(self.sql["media_conflicts"]).fetchone():
            raise HarvestError(str(conflict))
        self.connection.execute(self.sql["batch_supersede"])
        self.connection.execute(self.sql["batch_rows"])
        self.batch = Batch()

    def report(self, database: str, warnings: list[str]) -> LoadReport:
        self.connection.execute(
            """
            update label_studio.exports set superseded_task_count = copies
            from (select export_id, sum(copies) as copies from superseded_copies group by all) as s
            where exports.export_id = s.export_id;
            update label_studio.exports
            set loaded_task_count = task_count - superseded_task_count - quarantined_task_count
            """
        )
        rows = self.connection.execute(
            """
            select
                project,
                count(*),
                sum(loaded_task_count),
                (select count(*) from label_studio.annotations as t where t.project = exports.project),
                (select count(*) from label_studio.drafts as t where t.project = exports.project),
                (select count(*) from label_studio.predictions as t where t.project = exports.project),
                (select count(*) from label_studio.regions as t where t.project = exports.project),
                sum(superseded_task_count),
                sum(quarantined_task_count)
            from label_studio.exports
            group by project
            order by project
            """
        ).fetchall()
        quarantined: list[Quarantined] = []
        return LoadReport(database, [ProjectCounts(*row) for row in rows], warnings, quarantined)
