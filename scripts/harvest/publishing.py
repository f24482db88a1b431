"""What SQL cannot do when a version is published: locks, hashes, fsync and the one rename.

The order of a publishing build: `prepare` before any model; `contents` once every gate has passed; then
SQL writes the parquet files; `exported_files` reads them back; `commit` makes the version exist; `finish` at
the end of the run, whatever came of it.
"""

from __future__ import annotations

import fcntl
import glob
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version as installed_version
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final

from harvest.errors import HarvestError
from harvest.fingerprint import Content, content_of, quick_checksum
from harvest.layout import (
    MANIFEST_NAME,
    MANIFEST_SCHEMA_VERSION,
    ROOT_VARIABLE,
    SETS,
    TrainingSets,
    Version,
    building_folder,
    published_folder,
    relative_file,
    sha256_of,
)
from harvest.versions.changelog import update_changelog

if TYPE_CHECKING:
    import duckdb

CODE_PATHS: Final = ("dbt_project.yml", "macros", "models", "requirements.lock", "scripts", "seeds")
"""Files of the project that decide what a version holds; a change in them makes a build `dirty`."""

_locks: dict[Path, int] = {}
"""Open file descriptors of the building folders that this process has locked."""


class PublishError(HarvestError):
    """A version that must not or cannot be published; the text says why and what to do."""


@dataclass(frozen=True)
class Request:
    """What a run was asked to publish.

    Attributes:
        root: Folder of the published versions.
        version: N of `v_N`, None when the run publishes nothing.
    """

    root: Path
    version: int | None

    @classmethod
    def from_row(cls, release_request: duckdb.DuckDBPyRelation) -> Request:
        """The one row of the relation `release_request`."""
        row = rows_of(release_request)[0]
        return cls(Path(row["root"]), row["version"])

    @property
    def is_to_write(self) -> bool:
        """Whether there is a version to write: one was asked for and it is not published yet."""
        return self.version is not None and not TrainingSets(self.root).exists(self.version)

    @property
    def building(self) -> Path:
        """The hidden folder of the build. Only for a request with a version."""
        assert self.version is not None
        return building_folder(self.root, self.version)

    @property
    def published(self) -> Path:
        """The folder of the version. Only for a request with a version."""
        assert self.version is not None
        return published_folder(self.root, self.version)


@dataclass(frozen=True)
class PublishedRelation:
    """A set or table of a version, and the relation that holds its rows while it is built.

    Attributes:
        name: A set (`a`) or another table (`frame_reviews`).
        file: Path of its file, relative to the version's folder.
        rows: The relation.
    """

    name: str
    file: str
    rows: duckdb.DuckDBPyRelation

    @classmethod
    def all_of(
        cls, release_relations: duckdb.DuckDBPyRelation, connection: duckdb.DuckDBPyConnection
    ) -> list[PublishedRelation]:
        """The rows of the relation `release_relations`, sets first."""
        return [
            cls(
                row["name"],
                str(relative_file(row["folder"], row["relation"])),
                connection.sql(f"from {row['location']}"),
            )
            for row in sorted(
                rows_of(release_relations), key=lambda row: (row["name"] not in SETS, row["name"])
            )
        ]


def prepare(request: Request) -> None:
    """Make sure that the version can be written, lock its building folder and empty it.

    Does nothing for a version that is published already: building it again writes nothing.

    Raises:
        PublishError: The folder cannot be written, a folder of that name is in the way, or another process
            builds the same version.
    """
    if not request.is_to_write:
        return
    _check_writable(request.root)
    if request.published.is_dir() and any(request.published.iterdir()):
        raise PublishError(
            f"{request.published} is in the way: it holds files but no {MANIFEST_NAME}, "
            f"so it is no published version. Move it away, then build again."
        )
    _lock(request)
    _empty(request.building)


def finish(request: Request) -> None:
    """Unlock the building folder and remove what an unfinished build left in it."""
    if request.version is None:
        return
    descriptor = _locks.pop(request.building.absolute(), None)
    if descriptor is not None:
        if _is_same_file(descriptor, request.building):
            shutil.rmtree(request.building, ignore_errors=True)
        os.close(descriptor)


def contents(request: Request, relations: Sequence[PublishedRelation]) -> list[dict[str, Any]]:
    """What the run would publish, and what the version holds when it is published already.

    Args:
        request: The version asked for, if any.
        relations: Every set and table of a version.

    Returns:
        One row per set and table: `name`, `row_count`, `fingerprint`, `column_names`, `column_types`,
        `published_row_count`, `published_fingerprint` (null unless published), `target_file` (null unless it
        is to be written), `problem` (null unless the published version holds something else).
    """
    is_to_write = request.is_to_write
    published = None
    if request.version is not None and not is_to_write:
        published = TrainingSets(request.root).version(request.version)
    found = {relation.name: content_of(relation.rows) for relation in relations}
    problem = _difference(request, published, found) if published else None
    if is_to_write:
        prepare(request)
        for relation in relations:
            (request.building / relation.file).parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for relation in relations:
        content = found[relation.name]
        entry = published.entries.get(relation.name, {}) if published else {}
        rows.append(
            {
                "name": relation.name,
                "row_count": content.rows,
                "fingerprint": content.fingerprint,
                "column_names": [column for column, _ in content.columns],
                "column_types": [type_ for _, type_ in content.columns],
                "published_row_count": entry.get("rows"),
                "published_fingerprint": entry.get("fingerprint"),
                "target_file": str(request.building / relation.file) if is_to_write else None,
                "problem": problem,
            }
        )
    return rows


def exported_files(
    request: Request, relations: Sequence[PublishedRelation], connection: duckdb.DuckDBPyConnection
) -> list[dict[str, Any]]:
    """The files of the build as they lie on disk, each read back and compared with its relation.

    Returns:
        One row per file: `name`, `path` (relative to the version), `byte_count`, `sha256`, `row_count`,
        `expected_row_count`, `is_same_content`. No row when nothing is written.
    """
    if not request.is_to_write:
        return []
    rows = []
    for relation in relations:
        file = request.building / relation.file
        read_back = connection.read_parquet(glob.escape(str(file)))
        row_count, checksum = quick_checksum(read_back)
        expected_row_count, expected_checksum = quick_checksum(relation.rows)
        is_same_type = (read_back.columns, read_back.types) == (relation.rows.columns, relation.rows.types)
        rows.append(
            {
                "name": relation.name,
                "path": relation.file,
                "byte_count": file.stat().st_size,
                "sha256": sha256_of(file),
                "row_count": row_count,
                "expected_row_count": expected_row_count,
                "is_same_content": is_same_type and checksum == expected_checksum,
            }
        )
    return rows


def rows_of(relation: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    """The rows of a small relation as dictionaries."""
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def commit(
    request: Request,
    facts: Mapping[str, Any],
    relations: Sequence[Mapping[str, Any]],
    files: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Write the manifest, make everything durable, and let the version exist by one rename.

    Args:
        request: The version asked for, if any.
        facts: The row of `release_facts`.
        relations: The rows of `contents`.
        files: The rows of `exported_files`.

    Returns:
        One row: `version`, `status` (`not_asked`, `unchanged`, `published`, `failed`), `folder`, `message`
        (what happened, for a person; null when not asked), `problem` (null unless failed).
    """
    if request.version is None:
        return {"version": None, "status": "not_asked", "folder": None, "message": None, "problem": None}
    manifest = _manifest(request, facts, relations, files)
    outcome = {"version": request.version, "folder": str(request.published), "problem": None}
    training_sets = TrainingSets(request.root)
    if not request.is_to_write:
        message = _unchanged_message(training_sets.version(request.version), manifest)
        return {**outcome, "status": "unchanged", "message": message + _log_change(training_sets)}
    try:
        _write_durably(request, manifest)
    except OSError as error:
        problem = f"Version {request.version} could not be published: {error.strerror} ({error.filename})."
        return {**outcome, "status": "failed", "message": problem, "problem": problem}
    sets = ", ".join(f"{name} {manifest['sets'][name]['rows']:,}" for name in SETS)
    message = f"Version {request.version} is published: {request.published} (rows: {sets})."
    return {**outcome, "status": "published", "message": message + _log_change(training_sets)}


def _log_change(training_sets: TrainingSets) -> str:
    """Bring CHANGELOG.md up to date; the version stands without it, so a failure is only told."""
    try:
        update_changelog(training_sets)
    except (OSError, HarvestError) as error:
        return f" {training_sets.changelog} was not written: {error}."
    return ""


def _unchanged_message(published: Version, manifest: Mapping[str, Any]) -> str:
    """What to say when a published version was built again with the same sets."""
    message = (
        f"Version {published.number} was published before with exactly these sets; "
        f"{published.folder} was left as it is."
    )
    recorded, found = published.manifest["vars"], manifest["vars"]
    others = [name for name in sorted({*recorded, *found}) if recorded.get(name) != found.get(name)]
    if {export["sha256"] for export in published.manifest["exports"]} != {
        export["sha256"] for export in manifest["exports"]
    }:
        others.append("the exports")
    if others:
        message += f" Its manifest records other values for: {', '.join(others)}."
    return message


def _write_durably(request: Request, manifest: Mapping[str, Any]) -> None:
    text = json.dumps(manifest, ensure_ascii=False, indent=2) + "\n"
    (request.building / MANIFEST_NAME).write_text(text, encoding="utf-8")
    for folder, _, names in os.walk(request.building):
        for name in names:
            _sync(Path(folder) / name)
        _sync(Path(folder))
    os.rename(request.building, request.published)
    _sync(request.root)


def code_version(project_folder: Path) -> dict[str, Any]:
    """Package version, git commit and whether the code differs from it; null where git does not know."""

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-C", str(project_folder), *arguments], capture_output=True, text=True, timeout=60
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    commit_id = git("rev-parse", "HEAD")
    changes = git("status", "--porcelain", "--", *CODE_PATHS)
    return {
        "package_version": installed_version("label-harvest"),
        "git_commit": commit_id,
        "git_dirty": None if changes is None or commit_id is None else bool(changes),
    }


def _manifest(
    request: Request,
    facts: Mapping[str, Any],
    relations: Sequence[Mapping[str, Any]],
    files: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    def entry(row: Mapping[str, Any]) -> dict[str, Any]:
        columns = zip(row["column_names"], row["column_types"], strict=True)
        return {
            "rows": row["row_count"],
            "fingerprint": row["fingerprint"],
            "columns": [{"name": name, "type": type_} for name, type_ in columns],
            "files": [
                {
                    "path": file["path"],
                    "bytes": file["byte_count"],
                    "rows": file["row_count"],
                    "sha256": file["sha256"],
                }
                for file in files
                if file["name"] == row["name"]
            ],
        }

    def counts(rows: Sequence[Mapping[str, Any]], **where: str) -> dict[str, int]:
        matching = (row for row in rows if all(row[key] == value for key, value in where.items()))
        return {row["reason"]: row["row_count"] for row in matching}

    entries = {row["name"]: entry(row) for row in relations}
    for name in SETS:
        left_out = facts["left_out"]
        entries[name]["left_out"] = {
            things: counts(left_out, project=name, things=things)
            for things in ("annotations", "regions", "frames")
        }
        entries[name]["frames_per_tier"] = {
            row["quality_tier"]: row["frame_count"] for row in facts["tiers"] if row["project"] == name
        }
    return {
        "schema_version": MANIFEST_SCHEMA_VERSION,
        "version": request.version,
        "parent_version": TrainingSets(request.root).parent(request.version),
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "code": code_version(Path(facts["project_folder"])),
        "engine": {"duckdb": facts["duckdb_version"], "dbt": facts["dbt_version"]},
        "vars": json.loads(facts["settings"]),
        "exports": [_export_entry(export) for export in facts["exports"]],
        "sets": {name: entries[name] for name in SETS},
        "tables": {name: value for name, value in entries.items() if name not in SETS},
        "gates": list(facts["gates"]),
        "quality": {"agreement": list(facts["agreement"] or []), "findings": list(facts["findings"] or [])},
    }


def _export_entry(export: Mapping[str, Any]) -> dict[str, Any]:
    """An export as the manifest has it: the file, and apart from it what its project.json decides."""
    label_config = export["label_config"]
    return {
        **{key: export[key] for key in ("project", "path", "sha256", "bytes", "tasks")},
        "project_settings": {
            "maximum_annotations": export["maximum_annotations"],
            "overlap_cohort_percentage": export["overlap_cohort_percentage"],
            "skip_queue": export["skip_queue"],
            "media_key": export["media_key"],
            "frame_rate": export["frame_rate"],
            "label_config_sha256": (
                None if label_config is None else hashlib.sha256(label_config.encode()).hexdigest()
            ),
        },
    }


def _difference(request: Request, published: Version, found: Mapping[str, Content]) -> str | None:
    """Why the published version is not what this run would publish; None when the sets are the same."""
    altered = published.verify()
    if altered:
        return "\n".join(
            [
                f"Version {request.version} is published, but its files were changed since:",
                *(f"  - {finding}" for finding in altered),
                "Put the published files back, or move the folder away and build again.",
            ]
        )
    lines = []
    for name in SETS:
        entry, content = published.entry(name), found[name]
        columns = tuple((column["name"], column["type"]) for column in entry["columns"])
        if entry["rows"] != content.rows:
            lines.append(f"  - set {name}: {content.rows:,} rows, published with {entry['rows']:,}")
        elif columns != content.columns:
            lines.append(f"  - set {name}: {content.rows:,} rows as published, with other columns")
        elif entry["fingerprint"] != content.fingerprint:
            lines.append(f"  - set {name}: {content.rows:,} rows as published, with other content")
    if not lines:
        return None
    free = TrainingSets(request.root).next_free()
    return "\n".join(
        [
            f"Version {request.version} is published already ({published.folder}), "
            f"and this build differs from it:",
            *lines,
            "A published version never changes. Publish this build under the next free number:",
            f"  dbt build --vars 'version: {free}'",
        ]
    )


def _check_writable(root: Path) -> None:
    try:
        root.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=root):
            pass
    except OSError as error:
        raise PublishError(
            f"The folder for training sets cannot be written: {root.absolute()} ({error.strerror}).\n"
            f"Make it writable, or name another one with the environment variable {ROOT_VARIABLE}."
        ) from None


def _lock(request: Request) -> None:
    """Hold an exclusive lock on the building folder until `finish`, or until this process ends in any way."""
    key = request.building.absolute()
    if key in _locks:
        if _is_same_file(_locks[key], request.building):
            return
        os.close(_locks.pop(key))
    while True:
        request.building.mkdir(exist_ok=True)
        try:
            descriptor = os.open(request.building, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise PublishError(
                f"Another build of version {request.version} is at work in {request.building}. "
                f"Wait until it has ended, then build again; or publish under another number."
            ) from None
        if _is_same_file(descriptor, request.building):
            _locks[key] = descriptor
            return
        os.close(descriptor)


def _is_same_file(descriptor: int, path: Path) -> bool:
    """Whether the open descriptor still is what lies at the path; another build may have moved it away."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _sync(path: Path) -> None:
    """Flush a file's or a folder's content from the operating system's cache to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
