"""The text of one export as tasks: a window at a time, every task whole or accounted for.

An export is one array, one object per line, or an object with the array under `tasks`. A window's last task
boundary is guessed (by the first two keys of a task) and then proved: text that decodes from a known start to
there as a list of tasks ends at a task's end. A window that does not decode is walked value by value; text
that is no task is handed out as `Broken`, and the walk goes on at what looks like the start of the next task.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa

from harvest.loader.careful import NotUnderstoodError, understand
from harvest.loader.envelope import (
    Task,
    decode_stored_annotation,
    decode_task,
    decode_task_lines,
    decode_tasks,
    flaw,
)
from harvest.loader.source import Source

WINDOW_BYTES = 2 * 2**20
LARGEST_TASK_BYTES = 32 * 2**20
LONGEST_START = 512
LONGEST_TAIL = 4096
HEAD_BYTES = 2**16
EXCERPT_CHARACTERS = 2000

BOM = b"\xef\xbb\xbf"
SPACE = b" \t\r\n"
OPEN, COMMA, CLOSE = b"[,]"

# How a task may begin: its first key, and the second one too when the first has a plain value.
KEY = rb'"(?:[^"\\]|\\.){0,100}"\s*:'
PLAIN_VALUE = rb'(?:"(?:[^"\\]|\\.){0,100}"|[\w.+-]{1,40})'
FIRST_KEYS = re.compile(rb"\{\s*(" + KEY + rb")\s*(?:[\[{]|" + PLAIN_VALUE + rb"\s*,\s*(" + KEY + rb"))")
USUAL_START = (
    rb'\{\s*"id"\s*:\s*-?\d+\s*,\s*"(?:annotations|predictions|drafts|data|file_upload)"\s*:'
    rb'|\{\s*"annotations"\s*:'
)
TASK_ID = re.compile(rb'\{\s*"id"\s*:\s*"?(-?\d{1,18})\b')
BETWEEN_TASKS = re.compile(r"[\s,]*")
TOP_LEVEL_KEY = re.compile(r'\s*"([^"\\]{0,100})"\s*:\s*')
END_OF_ARRAY = re.compile(r"\}\s*\]$")
TRIED_STARTS = 50

_json = json.JSONDecoder(strict=False)


@dataclass(frozen=True)
class Tasks:
    """Tasks that were understood, in order, and the text they were decoded from.

    `text` begins at `byte_offset` of the export's text. `is_one_annotation`: the whole file is one annotation
    with its task inside. `is_checked`: no key occurs twice in one object; else this is unknown, and the raw
    results of the tasks are views of `text`.
    """

    tasks: list[Task]
    byte_offset: int
    text: memoryview
    is_one_annotation: bool = False
    is_checked: bool = True

    def locate(self, index: int) -> tuple[int, bytes]:
        """Byte offset and text of the task at `index`."""
        text = str(self.text, "latin-1")
        start = end = 0
        for _ in range(index + 1):
            start = text.index("{", end)
            end = _json.raw_decode(text, start)[1]
        return self.byte_offset + start, bytes(self.text[start:end])


@dataclass(frozen=True)
class Broken:
    """Text that is no task, or none that can be understood.

    `byte_length` is 0 where the export just ends. `is_other_json`: well-formed JSON, but nothing like a task.
    """

    byte_offset: int
    byte_length: int
    task_id: int | None
    reason: str
    excerpt: str
    is_other_json: bool = False


def split(source: Source) -> Iterator[Tasks | Broken]:
    """Yield everything in `source`, in order."""
    return _Splitter(source).pieces()


def read_part(source: Source) -> Tasks | None:
    """What `split` yields for a file that is one annotation with its task inside; None for any other."""
    text = source.read(LARGEST_TASK_BYTES + LONGEST_TAIL)
    start = max(0, text.find(b"{"))
    try:
        task = decode_stored_annotation(memoryview(text)[start:]).as_task()
    except (ValueError, RecursionError):
        return None
    return Tasks([task], start, memoryview(text)[start:], is_one_annotation=True)


def broken(text: bytes | memoryview, byte_offset: int, reason: str, task_id: int | None = None) -> Broken:
    """`text`, which lies at `byte_offset`, as a broken task; its id, if not given, is read off its start."""
    head = bytes(text[: 4 * EXCERPT_CHARACTERS])
    if task_id is None and (found := TASK_ID.match(head)):
        task_id = int(found[1])
    return Broken(
        byte_offset, len(text), task_id, reason, head.decode("utf-8", "replace")[:EXCERPT_CHARACTERS]
    )


class _Splitter:
    """Holds the text that is read but not yet handed out.

    `text[0]` is not of the export: it makes room for the `[` of an array. `offset` is where
    `text[1]` lies in it.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = bytearray([OPEN])
        self.offset = 0
        self.wanted = WINDOW_BYTES
        self.at_end = False
        self.closed = False
        self.is_array = True
        self.is_wrapped = False
        self.task_start = re.compile(USUAL_START)
        self.skipped: Broken | None = None

    def pieces(self) -> Iterator[Tasks | Broken]:
        self._fill()
        self._open()
        while True:
            self._fill()
            window = None if self.skipped else self._window()
            if window:
                yield window
            else:
                yield from self._skip() if self.skipped else self._walk()
            if self.at_end and len(self.text) == 1 and not self.skipped:
                break
        if not self.closed and (self.is_array or self.source.damage):
            yield self._broken(1, 1, self._why_it_ends())

    def _fill(self) -> None:
        missing = self.wanted + 1 - len(self.text)
        if missing > 0 and not self.at_end:
            more = self.source.read(missing)
            self.at_end = len(more) < missing
            self.text = self.text + more
        self.wanted = WINDOW_BYTES

    def _drop(self, end: int) -> None:
        """Forget `text` up to `end`."""
        self.text = bytearray([OPEN]) + memoryview(self.text)[end:]
        self.offset += end - 1

    def _broken(self, start: int, end: int, reason: str) -> Broken:
        return broken(memoryview(self.text)[start:end], self.offset + start - 1, reason)

    def _open(self) -> None:
        """Find where the tasks begin, and how a task of this file begins."""
        text = bytes(self.text[1:])
        start = len(BOM) if text.startswith(BOM) else 0
        start = len(text) - len(text[start:].lstrip(SPACE))
        self.source.head = text[start : start + HEAD_BYTES]
        if text.startswith(b"{", start):
            tasks_start = _start_of_wrapped_tasks(text, start)
            self.is_array = self.is_wrapped = tasks_start is not None
            start = tasks_start or start
        elif text.startswith(b"[", start):
            start += 1
        starts = [USUAL_START]
        if keys := FIRST_KEYS.match(text, max(start, text.find(b"{", start))):
            first_key, second_key = keys.groups()
            starts.append(rb"\{\s*" + re.escape(first_key))
            if second_key:
                starts[-1] += rb"\s*" + PLAIN_VALUE + rb"\s*,\s*" + re.escape(second_key)
        if not self.is_array:
            starts.append(rb"(?<=\n)\{")
        self.task_start = re.compile(b"|".join(starts))
        self._drop(1 + start)

    def _window(self) -> Tasks | None:
        """Decode the whole tasks at the start of `text` in one go; None when that does not work."""
        end = self._guess_end()
        while end is None and not self.at_end and len(self.text) < LARGEST_TASK_BYTES:
            self.wanted = 2 * len(self.text)
            self._fill()
            end = self._guess_end()
        if end is None:
            return None
        replaced = self.text[end - 1]
        text = memoryview(self.text)[0 if self.is_array else 1 : end]
        try:
            if self.is_array:
                text[-1] = CLOSE
                tasks = decode_tasks(text)
            else:
                tasks = decode_task_lines(text)
            _check_utf8(text)
            if any(flaw(task) for task in tasks):
                raise ValueError
        except (ValueError, RecursionError):
            self.text[end - 1] = replaced
            return None
        window = Tasks(tasks, self.offset - self.is_array, text, is_checked=False)
        if self.at_end and self.is_array and replaced == CLOSE:
            self.closed = True
            end = len(self.text)
        self._drop(end)
        return window

    def _guess_end(self) -> int | None:
        """The end of the last whole task in `text` and of the byte after it, which can be overwritten."""
        text = self.text
        if not self.is_array:
            return len(text) if self.at_end else (text.rfind(b"\n") + 1 or None)
        if self.at_end:
            end = text.rfind(b"]") + 1
            tail = text[end:].strip(SPACE)
            return end if end and (not tail or (self.is_wrapped and len(tail) < LONGEST_TAIL)) else None
        reach = 2**16
        while True:
            starts = deque(self.task_start.finditer(text, max(1, len(text) - reach)), maxlen=1)
            last = starts[0] if starts else None
            if last or reach >= len(text):
                break
            reach *= 8
        if last is None:
            return None
        end = len(text[max(0, last.start() - LONGEST_START) : last.start()].rstrip(SPACE))
        end += max(0, last.start() - LONGEST_START)
        return end if end > 2 and text[end - 1] == COMMA else None

    def _walk(self) -> Iterator[Tasks | Broken]:
        """Hand out what is whole in `text`, value by value, and the broken pieces between the values."""
        text = str(self.text, "latin-1")
        at = 1
        while True:
            at = self._next_value(text, at)
            if at == len(text):
                break
            has_single_keys = True

            def note_keys(pairs: list[tuple[str, object]]) -> None:
                nonlocal has_single_keys
                has_single_keys &= len(dict(pairs)) == len(pairs)

            try:
                end = json.JSONDecoder(strict=False, object_pairs_hook=note_keys).raw_decode(text, at)[1]
            except (ValueError, RecursionError) as error:
                end = self._next_start(text, at)
                if end is None:
                    break
                yield self._broken(at, end, self._why_broken(text, at, end, error))
            else:
                yield self._understand(at, end, has_single_keys)
            at = end
        if at == 1 and len(text) > LARGEST_TASK_BYTES:
            reason = f"larger than {LARGEST_TASK_BYTES // 2**20} MiB"
            self.skipped = self._broken(1, len(text), reason)
            at = len(text) - LONGEST_START
        elif at == 1:
            self.wanted = 2 * len(text)
        self._drop(at)

    def _skip(self) -> Iterator[Broken]:
        """Let go of a task that is too large, as far as the next task's start or the end."""
        start = next(self._starts(1), None)
        end = start or (len(self.text) if self.at_end else max(1, len(self.text) - LONGEST_START))
        if start or self.at_end:
            yield replace(self.skipped, byte_length=self.offset + end - 1 - self.skipped.byte_offset)
            self.skipped = None
            self.closed = self.at_end
        else:
            self.wanted = LONGEST_START + WINDOW_BYTES
        self._drop(end)

    def _next_value(self, text: str, at: int) -> int:
        """Pass over what may stand between two values; the length of `text` where it ends properly."""
        while True:
            at = BETWEEN_TASKS.match(text, at).end()
            if not self.is_array or text[at : at + 1] not in ("]", "["):
                return at
            self.closed = text[at] == "]"
            at += 1
            if self.closed and self.is_wrapped and self.at_end and len(text) - at < LONGEST_TAIL:
                return len(text)

    def _next_start(self, text: str, at: int) -> int | None:
        """Where the broken text at `at` ends: a task's start or the file's end; None to read on first.

        A start must be proved by a task behind it as long as more text could tell otherwise.
        """
        starts = []
        for start in self._starts(at + 1):
            starts.append(start)
            if len(starts) > TRIED_STARTS or _is_task_at(text, start):
                return starts[0]
        if self.at_end or len(text) > LARGEST_TASK_BYTES:
            return starts[0] if starts else len(text) if self.at_end else None
        return None

    def _starts(self, at: int) -> Iterator[int]:
        for found in self.task_start.finditer(self.text, at):
            before = self.text[max(1, found.start() - LONGEST_START) : found.start()].rstrip(SPACE)
            if not before.endswith(b":"):
                yield found.start()

    def _understand(self, start: int, end: int, has_single_keys: bool) -> Tasks | Broken:
        """The value at `start`, by the typed envelope if it fits, else the careful way."""
        value = memoryview(bytes(self.text[start:end]))
        byte_offset = self.offset + start - 1
        try:
            _check_utf8(value)
            task = decode_task(value)
            if flaw(task) or not has_single_keys:
                raise ValueError
        except (ValueError, RecursionError):
            if has_single_keys and (stored := self._stored_annotation(value, end)):
                return Tasks([stored], byte_offset, value, is_one_annotation=True)
            try:
                task = understand(bytes(value))
            except NotUnderstoodError as error:
                piece = broken(value, byte_offset, error.reason, error.task_id)
                return replace(piece, is_other_json=error.is_other_json)
        return Tasks([task], byte_offset, value)

    def _stored_annotation(self, value: memoryview, end: int) -> Task | None:
        if self.is_array or not self.at_end or self.text[end:].strip(SPACE):
            return None
        try:
            _check_utf8(value)
            task = decode_stored_annotation(value).as_task()
        except (ValueError, RecursionError):
            return None
        return None if flaw(task) else task

    def _why_broken(self, text: str, start: int, end: int, error: Exception) -> str:
        if end == len(text):
            self.closed = True
            seen = text.rstrip()
            is_array = self.is_array and not self.is_wrapped
            ends_properly = END_OF_ARRAY.search(seen) if is_array else seen.endswith("}")
            is_cut = not ends_properly or getattr(error, "pos", 0) >= len(seen)
            if is_cut or self.source.damage:
                return self._why_it_ends()
        if isinstance(error, json.JSONDecodeError):
            return f"broken JSON: {error.msg} at byte {error.pos - start} of it"
        return "nested too deeply"

    def _why_it_ends(self) -> str:
        if self.source.damage:
            return f"the compressed file is damaged, its text ends here ({self.source.damage})"
        return "the file ends here, the rest of the export is missing"


def _start_of_wrapped_tasks(text: bytes, start: int) -> int | None:
    """Where the array of `{"tasks": […]}` begins, after its bracket; None for any other object."""
    decoded = str(text, "latin-1")
    at = start + 1
    while key := TOP_LEVEL_KEY.match(decoded, at):
        at = key.end()
        if key[1] == "tasks":
            return at + 1 if decoded.startswith("[", at) else None
        if key[1] in ("id", "annotations", "data", "result"):
            return None
        try:
            at = _json.raw_decode(decoded, at)[1]
        except (ValueError, RecursionError):
            return None
        at = BETWEEN_TASKS.match(decoded, at).end()
    return None


def _is_task_at(text: str, start: int) -> bool:
    try:
        value = _json.raw_decode(text, start)[0]
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and "annotations" in value


def _check_utf8(text: memoryview) -> None:
    """Raise UnicodeDecodeError, a ValueError, unless `text` is UTF-8; pyarrow checks without decoding."""
    offsets = pa.py_buffer(b"\0" * 8 + len(text).to_bytes(8, "little"))
    array = pa.LargeStringArray.from_buffers(1, offsets, pa.py_buffer(text))
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        bytes(text).decode("utf-8")
        raise
