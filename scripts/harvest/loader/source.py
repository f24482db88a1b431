"""The text of one export file as a stream: plain, gzip or zstd, hashed as it lies on disk."""

import hashlib
import os
import zlib
from types import TracebackType
from typing import Self

import pyarrow as pa

from harvest.errors import HarvestError

GZIP_MAGIC = b"\x1f\x8b"
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
DISK_READ = 2**20
ZSTD_READ = 2**17

# Exports compress 10 to 60 times. What expands further than this, beyond a size that is harmless, is a bomb.
BOMB_RATIO = 500
BOMB_BYTES = 2**30


class Source:
    """Reads one file. The kind is told by its first bytes, not by its name.

    `disk_bytes` counts what was read off the disk, `damage` says why the text ended early, or is None;
    `head` is for whoever reads the text to keep its first part in.
    Raises HarvestError, naming the file, when it cannot be read or expands like a bomb.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.text_bytes = 0
        self.damage: str | None = None
        self.head = b""
        self._file = _DiskFile(path)
        magic = self._file.peek(4)
        self._stream: _Plain | _Gzip | _Zstd
        if magic.startswith(GZIP_MAGIC):
            self._stream = _Gzip(self._file)
        elif magic == ZSTD_MAGIC:
            self._stream = _Zstd(self._file)
        else:
            self._stream = _Plain(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def disk_bytes(self) -> int:
        return self._file.bytes_read

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes of text; fewer, even none, only at its end."""
        parts = []
        missing = size
        while missing > 0 and self.damage is None:
            try:
                part = self._stream.read(missing)
            except (zlib.error, EOFError, OSError, pa.ArrowException) as error:
                self.damage = str(error)
                break
            if not part:
                break
            parts.append(part)
            missing -= len(part)
            self.text_bytes += len(part)
            if self.text_bytes > BOMB_BYTES and self.text_bytes > BOMB_RATIO * self.disk_bytes:
                raise HarvestError(
                    f"{self.path} expands to more than {BOMB_RATIO} times its size, which no export does. "
                    "Unpack it by hand if it is to be trusted."
                )
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def sha256(self) -> str:
        """The hash of the whole file; reads what is left of it."""
        while self._file.read(DISK_READ):
            pass
        return self._file.digest.hexdigest()


class _DiskFile:
    """The bytes on disk; every one read is hashed and counted."""

    closed = False

    def __init__(self, path: str) -> None:
        self.path = path
        self.bytes_read = 0
        self.digest = hashlib.sha256()
        try:
            self._file = open(path, "rb", buffering=0)  # noqa: SIM115
        except OSError as error:
            raise unreadable(path, error) from error
        self._peeked = b""

    def peek(self, size: int) -> bytes:
        self._peeked = self.read(size)
        return self._peeked

    def read(self, size: int = -1) -> bytes:
        if self._peeked:
            peeked, self._peeked = self._peeked, b""
            return peeked
        try:
            data = self._file.read(size)
        except OSError as error:
            raise unreadable(self.path, error) from error
        self.bytes_read += len(data)
        self.digest.update(data)
        return data

    def readable(self) -> bool:
        return True

    def close(self) -> None:
        self._file.close()


class _Plain:
    def __init__(self, file: _DiskFile) -> None:
        self._file = file

    def read(self, size: int) -> bytes:
        return self._file.read(size)


class _Gzip:
    """gzip through zlib, which hands out all that precedes a damage."""

    def __init__(self, file: _DiskFile) -> None:
        self._file = file
        self._member = zlib.decompressobj(wbits=31)
        self._input = b""

    def read(self, size: int) -> bytes:
        while True:
            if self._member.eof:
                rest = (self._member.unused_data or self._file.read(DISK_READ)).lstrip(b"\0")
                if not rest:
                    return b""
                self._member, self._input = zlib.decompressobj(wbits=31), rest
            if not self._input:
                self._input = self._file.read(DISK_READ)
                if not self._input:
                    raise EOFError("the compressed data ends early")
            text = self._member.decompress(self._input, size)
            self._input = self._member.unconsumed_tail
            if text:
                return text


class _Zstd:
    def __init__(self, file: _DiskFile) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(file, "r"), "zstd")

    def read(self, size: int) -> bytes:
        return self._stream.read(min(size, ZSTD_READ))


def unreadable(path: str, error: OSError) -> HarvestError:
    return HarvestError(
        f"{path} cannot be read: {error.strerror or error}. Check the file and its permissions."
    )


def file_bytes(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError as error:
        raise unreadable(path, error) from error
