"""Where everything lies: the folders of published versions and the paths of an episode.

This module owns every path of the product. It needs neither dbt nor a database:

    from harvest.layout import EpisodeLayout, TrainingSets

    training_sets = TrainingSets("training_sets")
    rows = training_sets.version(3).dataset("a").to_table()

A version exists when its `manifest.json` does; a folder without one is no version, whatever it holds.

    training_sets/
        CHANGELOG.md                one section per published version
        .building-v_4/              a build at work, or what a killed one left
        v_3/
            manifest.json           written last
            a/training_set_a.parquet
            b/training_set_b.parquet
            c/training_set_c.parquet
            lineage/*.parquet       every annotation, frame and rejected region behind the sets
            quality/*.parquet       how good the labels are: agreement, corrections, annotators' records
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from harvest.errors import HarvestError

if TYPE_CHECKING:
    import duckdb
    import pyarrow.dataset

ROOT_VARIABLE: Final = "HARVEST_TRAINING_SETS"
DEFAULT_ROOT: Final = "training_sets"
MANIFEST_NAME: Final = "manifest.json"
CHANGELOG_NAME: Final = "CHANGELOG.md"
MANIFEST_SCHEMA_VERSION: Final = 1

SETS: Final = {"a": "training_set_a", "b": "training_set_b", "c": "training_set_c"}
"""The training sets: the name of each and the relation it holds."""

_VERSION_FOLDER = re.compile(r"v_([1-9][0-9]*)")


class VersionError(HarvestError):
    """A version that does not exist, cannot be read, or is not what its manifest says."""


def default_root() -> Path:
    """The folder of published versions: environment variable HARVEST_TRAINING_SETS, else `training_sets`."""
    return Path(os.environ.get(ROOT_VARIABLE) or DEFAULT_ROOT)


def check_version(version: object) -> int:
    """The version number, once it is sure to be one.

    Raises:
        VersionError: `version` is no positive integer.
    """
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise VersionError(f"A version is a positive whole number such as 3, not {version!r}.")
    return version


def published_folder(root: Path, version: int) -> Path:
    """Folder of a published version."""
    return root / f"v_{check_version(version)}"


def building_folder(root: Path, version: int) -> Path:
    """Hidden folder in which a version is put together before one rename publishes it."""
    return root / f".building-v_{check_version(version)}"


def relative_file(folder: str, relation: str) -> PurePosixPath:
    """Path of the file of a published relation, relative to its version's folder."""
    return PurePosixPath(folder) / f"{relation}.parquet"


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class PublishedFile:
    """One file of a published version, as its manifest describes it.

    Attributes:
        path: Relative to the version's folder, with forward slashes.
        bytes: Size of the file.
        rows: Rows in it.
        sha256: Of its bytes, 64 hex digits.
    """

    path: str
    bytes: int
    rows: int
    sha256: str


@dataclass(frozen=True)
class Version:
    """One published version: its folder and what its manifest says.

    Attributes:
        number: N of `v_N`.
        folder: The folder `v_N`.
        manifest: The whole manifest, as documented in `manifest.schema.json`.
    """

    number: int
    folder: Path
    manifest: Mapping[str, Any] = field(repr=False)

    @property
    def entries(self) -> Mapping[str, Mapping[str, Any]]:
        """The manifest's entries of the sets (`a`) and of the other published tables (`frame_reviews`)."""
        return {**self.manifest["sets"], **self.manifest["tables"]}

    def entry(self, name: str) -> Mapping[str, Any]:
        """The manifest's entry of a set (`a`) or another published table (`frame_reviews`).

        Raises:
            VersionError: The version holds nothing of that name.
        """
        if name not in self.entries:
            raise VersionError(
                f"Version {self.number} holds no {name!r}. It holds: {', '.join(self.entries)}."
            )
        return self.entries[name]

    def files(self, name: str | None = None) -> list[PublishedFile]:
        """The files of one set or table, or of the whole version."""
        entries = self.entries.values() if name is None else [self.entry(name)]
        return [PublishedFile(**file) for entry in entries for file in entry["files"]]

    def paths(self, name: str, *, check: bool = True) -> list[Path]:
        """Paths of the parquet files of one set or table.

        Args:
            name: A set (`a`, `b`, `c`) or another published table.
            check: Read every byte and compare its SHA-256 with the manifest first.

        Raises:
            VersionError: A file is missing or its bytes are not those that were published.
        """
        if check:
            for file in self.files(name):
                self.check_file(file)
        return [self.folder / file.path for file in self.files(name)]

    def check_file(self, file: PublishedFile) -> None:
        """Compare one file's bytes with the manifest.

        Raises:
            VersionError: The file is missing, or its size or SHA-256 differs; the text names it.
        """
        path = self.folder / file.path
        if not path.is_file():
            raise VersionError(f"{path} is missing, though version {self.number} was published with it.")
        size = path.stat().st_size
        if size != file.bytes:
            raise VersionError(
                f"{path} was altered after version {self.number} was published: "
                f"{size:,} bytes instead of {file.bytes:,}."
            )
        if sha256_of(path) != file.sha256:
            raise VersionError(
                f"{path} was altered after version {self.number} was published: its SHA-256 differs."
            )

    def dataset(self, name: str, *, check: bool = True) -> pyarrow.dataset.Dataset:
        """One set or table as a pyarrow dataset; nothing but the hashes is read yet.

        Raises:
            VersionError: As for `paths`.
        """
        import pyarrow.dataset

        return pyarrow.dataset.dataset(
            [str(path) for path in self.paths(name, check=check)], format="parquet"
        )

    def relation(
        self, name: str, connection: duckdb.DuckDBPyConnection | None = None, *, check: bool = True
    ) -> duckdb.DuckDBPyRelation:
        """One set or table as a DuckDB relation, on `connection` or on DuckDB's default one.

        Raises:
            VersionError: As for `paths`.
        """
        import duckdb

        paths = [glob.escape(str(path)) for path in self.paths(name, check=check)]
        return (connection or duckdb.default_connection()).read_parquet(paths)

    def episodes(self, name: str | None = None) -> list[str]:
        """Episode keys with at least one row in the set, or in any of the three, ascending."""
        import pyarrow.compute

        keys: set[str] = set()
        for each in SETS if name is None else [name]:
            column = self.dataset(each, check=False).to_table(columns=["episode_key"])["episode_key"]
            keys.update(pyarrow.compute.unique(column).to_pylist())
        return sorted(keys)

    def verify(self) -> list[str]:
        """What differs from the manifest: one sentence per finding, none when every byte is as published."""
        findings = []
        for file in self.files():
            try:
                self.check_file(file)
            except VersionError as error:
                findings.append(str(error))
        expected = {MANIFEST_NAME, *(file.path for file in self.files())}
        for path in sorted(self.folder.rglob("*")):
            relative = path.relative_to(self.folder).as_posix()
            if path.is_file() and relative not in expected:
                findings.append(f"{path} is not part of version {self.number} as it was published.")
        return findings


@dataclass(frozen=True)
class TrainingSets:
    """The published versions under one folder.

    Attributes:
        root: The folder, by default what HARVEST_TRAINING_SETS names.
    """

    root: Path = field(default_factory=default_root)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root))

    @property
    def changelog(self) -> Path:
        """The root's CHANGELOG.md."""
        return self.root / CHANGELOG_NAME

    def numbers(self) -> list[int]:
        """Numbers of the published versions, ascending."""
        if not self.root.is_dir():
            return []
        matches = ((path, _VERSION_FOLDER.fullmatch(path.name)) for path in self.root.iterdir())
        return sorted(int(match[1]) for path, match in matches if match and (path / MANIFEST_NAME).is_file())

    def __iter__(self) -> Iterator[Version]:
        return (self.version(number) for number in self.numbers())

    def exists(self, version: int) -> bool:
        """Whether the version is published, that is, has a manifest."""
        return (published_folder(self.root, version) / MANIFEST_NAME).is_file()

    def version(self, version: int) -> Version:
        """One published version.

        Raises:
            VersionError: It does not exist, or its manifest cannot be read.
        """
        folder = published_folder(self.root, version)
        try:
            manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            known = ", ".join(str(number) for number in self.numbers()) or "none"
            raise VersionError(
                f"There is no version {version} in {self.root}. Published versions: {known}."
            ) from None
        except (OSError, ValueError) as error:
            raise VersionError(f"{folder / MANIFEST_NAME} cannot be read: {error}") from error
        schema_version = manifest.get("schema_version") if isinstance(manifest, dict) else None
        if schema_version != MANIFEST_SCHEMA_VERSION:
            raise VersionError(
                f"{folder / MANIFEST_NAME} has schema version {schema_version!r}; "
                f"this release of label-harvest reads {MANIFEST_SCHEMA_VERSION}."
            )
        return Version(version, folder, manifest)

    def parent(self, version: int) -> int | None:
        """The highest published version below `version`, None when there is none."""
        return max((number for number in self.numbers() if number < version), default=None)

    def next_free(self) -> int:
        """The lowest number above every published version."""
        return max(self.numbers(), default=0) + 1


@dataclass(frozen=True)
class EpisodeLayout:
    """The files of one episode, and its rows in a published version.

        <data_root>/videos/ego/task_01/01_001_ego.mp4
        <data_root>/frames/ego/task_01/01_001_ego_f000423.jpg

    Attributes:
        data_root: Folder that media paths start from.
        task_subdir: The task's folder, as in the tasks' data: `task_01`.
        episode_key: One recording, `01_001`.
        version: The published version its labels are read from; None for the newest.
        training_sets: Where the versions are published.
    """

    data_root: Path
    task_subdir: str
    episode_key: str
    version: int | None = None
    training_sets: TrainingSets = field(default_factory=TrainingSets)

    def __post_init__(self) -> None:
        object.__setattr__(self, "data_root", Path(self.data_root))
        if self.version is not None:
            check_version(self.version)
        for name in ("task_subdir", "episode_key"):
            parts = PurePosixPath(getattr(self, name)).parts
            if not parts or ".." in parts or parts[0] == "/":
                raise ValueError(f"{name} must be a path below data_root, not {getattr(self, name)!r}.")

    def video(self, view: str) -> Path:
        """The episode's recording by the camera `view` (`ego`, `exo`)."""
        return self.data_root / "videos" / view / self.task_subdir / f"{self.episode_key}_{view}.mp4"

    def review_frame(self, view: str, frame_idx: int) -> Path:
        """The picture of one frame that reviewers saw; `frame_idx` is 0-based."""
        return self._frames(view) / f"{self.episode_key}_{view}_f{frame_idx:06d}.jpg"

    def review_frames(self, view: str) -> list[Path]:
        """The pictures of the view that exist, in the order of their frames."""
        return sorted(self._frames(view).glob(f"{self.episode_key}_{view}_f*.jpg"))

    def _frames(self, view: str) -> Path:
        return self.data_root / "frames" / view / self.task_subdir

    def rows(
        self, name: str, connection: duckdb.DuckDBPyConnection | None = None, *, check: bool = False
    ) -> duckdb.DuckDBPyRelation:
        """The episode's rows of a set or another published table, as a DuckDB relation.

        Raises:
            VersionError: The version does not exist or holds no such set.
        """
        import duckdb

        number = self.version
        if number is None:
            number = max(self.training_sets.numbers(), default=None)
            if number is None:
                raise VersionError(f"There is no published version in {self.training_sets.root}.")
        relation = self.training_sets.version(number).relation(name, connection, check=check)
        return relation.filter(
            duckdb.ColumnExpression("episode_key") == duckdb.ConstantExpression(self.episode_key)
        )
