"""The bytes of one export file as tasks."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from harvest.errors import HarvestError
from harvest.loader.envelope import Task, decode_task, decode_tasks


@dataclass(frozen=True)
class Piece:
    """One task of a file and where it lies in the decompressed text, or why it is not understood."""

    byte_offset: int
    byte_length: int
    task: Task | None
    reason: str = ""


def read_tasks(path: str, digest: "hashlib._Hash") -> Iterator[Piece]:
    """Yield the tasks of the export `path`, feeding the bytes on disk to `digest`."""
    with open(path, "rb") as file:
        data = file.read()
    digest.update(data)
    if data.lstrip()[:1] == b"{":
        data = bytes(msgspec.json.decode(data, type=dict[str, msgspec.Raw])["tasks"])
    try:
        tasks = decode_tasks(data)
    except msgspec.MsgspecError as error:
        raise HarvestError(f"{path}: {error}") from error
    for task in tasks:
        yield Piece(0, len(data) // len(tasks), task)
    assert decode_task
