"""The folder that a Label Studio project is pulled into, and how its files come and go.

    exports/a/7/
        project_7_snapshot_12.json          the export
        project.json                        the project's settings
        .pull.json                          what was asked for last, so that an interrupted pull can go on
        .project_7_snapshot_13.json.part    a download at work, or what an interrupted one left

`harvest load` sees no hidden file. A visible one is always whole: it is renamed into its place.
"""

import errno
import fcntl
import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from harvest.errors import HarvestError
from harvest.loader.find import SETTINGS_NAME

STATE_NAME = ".pull.json"


@dataclass(frozen=True)
class Asked:
    """A snapshot that was asked for: the title it is known by on the server, when, and whether it is here."""

    title: str
    at: datetime
    is_done: bool = False

    @classmethod
    def now(cls) -> Self:
        """With a title that no other snapshot has."""
        at = datetime.now(UTC)
        return cls(f"harvest pull {at:%Y-%m-%d %H:%M:%S} UTC {secrets.token_hex(4)}", at)


@dataclass(frozen=True)
class PullFolder:
    """The folder of one project.

    Attributes:
        path: The folder; made by `locked`.
        url: Address of the server the project is on.
        project: Number of the project there.
    """

    path: Path
    url: str
    project: int

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other pulls out of the folder.

        Raises:
            HarvestError: Another pull is at work in it, or what is in it came from another server.
        """
        with _writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDONLY)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise HarvestError(f"Another harvest pull is at work in {self.path}. Wait for it.") from None
            self._check_origin()
            yield
        finally:
            os.close(descriptor)

    def asked(self) -> Asked | None:
        """What was asked for last; None when nothing was."""
        state = self._state()
        try:
            return Asked(state["title"], datetime.fromisoformat(state["asked_at"]), state["is_done"])
        except (KeyError, TypeError, ValueError):
            return None

    def remember(self, asked: Asked) -> None:
        """Write down what is asked for, and throw away partial downloads of anything else."""
        state = {
            "url": self.url,
            "project": self.project,
            "title": asked.title,
            "asked_at": asked.at.isoformat(),
            "is_done": asked.is_done,
        }
        with _writing(self.path):
            for path in self.path.glob(f".project_{self.project}_snapshot_*.json.part"):
                path.unlink()
        self._write(STATE_NAME, json.dumps(state, indent=2).encode() + b"\n")

    def bytes_of(self, snapshot: int) -> int:
        """Bytes of the snapshot that are here."""
        try:
            return self._part(snapshot).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, snapshot: int, start: int, chunks: Iterable[bytes]) -> Iterator[int]:
        """Write `chunks` from byte `start` on, and give the size after each.

        Raises:
            HarvestError: The disk is full, or the file cannot be written. What was written stays.
        """
        path = self._part(snapshot)
        with _writing(path), open(path, "ab") as file:
            if file.tell() != start:
                file.truncate(start)
            for chunk in chunks:
                file.write(chunk)
                file.flush()
                start += len(chunk)
                yield start
            os.fsync(file.fileno())

    def is_whole(self, snapshot: int, md5: str | None) -> bool:
        """Whether the snapshot is here to its last byte, by its MD5 or, without one, by its brackets."""
        path = self._part(snapshot)
        if self.bytes_of(snapshot) < len("[]"):
            return False
        with path.open("rb") as file:
            if md5:
                return hashlib.file_digest(file, _md5).hexdigest() == md5.lower()
            first = file.read(1)
            file.seek(-1, os.SEEK_END)
            return first + file.read(1) == b"[]"

    def discard(self, snapshot: int) -> None:
        """Throw away what is here of the snapshot."""
        self._part(snapshot).unlink(missing_ok=True)

    def publish(self, snapshot: int, settings: bytes) -> Path:
        """Put the downloaded snapshot and its project's settings in the place of the ones before."""
        export = self.path / f"project_{self.project}_snapshot_{snapshot}.json"
        self._write(SETTINGS_NAME, settings)
        with _writing(export):
            os.replace(self._part(snapshot), export)
            for path in self.path.iterdir():
                if path != export and re.fullmatch(rf"project_{self.project}_snapshot_\d+\.json", path.name):
                    path.unlink()
        asked = self.asked()
        if asked is not None:
            self.remember(replace(asked, is_done=True))
        return export

    def _part(self, snapshot: int) -> Path:
        return self.path / f".project_{self.project}_snapshot_{snapshot}.json.part"

    def _state(self) -> dict:
        try:
            state = json.loads((self.path / STATE_NAME).read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _check_origin(self) -> None:
        origin = self._state().get("url", self.url)
        if origin != self.url:
            raise HarvestError(
                f"{self.path} was pulled from {origin}. Name another folder with --exports for {self.url}, "
                "or remove this one."
            )

    def _write(self, name: str, content: bytes) -> None:
        """Write a file of the folder, whole or not at all."""
        path = self.path / name
        hidden = self.path / f".{name.lstrip('.')}.new"
        with _writing(path):
            with hidden.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(hidden, path)


def _md5() -> "hashlib._Hash":
    """Against damage, not against forgery, hence allowed where MD5 is forbidden."""
    return hashlib.md5(usedforsecurity=False)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Explain a disk that is full or cannot be written."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise HarvestError(
                f"The disk of {path} is full. Free some space and run the same command again: it continues "
                "where it stopped."
            ) from None
        raise HarvestError(
            f"{path} cannot be written: {error.strerror or error}. Check the folder and its permissions, or "
            "name another with --exports."
        ) from None
