"""Bytes into tasks: every form of file, every window size, and what is left of broken ones."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from harvest.errors import HarvestError
from harvest.loader import split as splitting
from harvest.loader.envelope import decode_task_lines, decode_tasks, without_raw
from harvest.loader.source import Source
from harvest.loader.split import Broken, Tasks, split
from loading import EXAMPLES, annotation, load_paths, point, task

B_EXPORT = EXAMPLES / "exports" / "b" / "export_all_tasks.json"
EVERY_EXPORT = [
    *(EXAMPLES / "exports").glob("*/export_all_tasks.json"),
    *(path for path in (EXAMPLES / "flavours").glob("*.json") if "json_min" not in path.name),
]


def read(path: Path, data: bytes | None = None) -> tuple[list[Any], list[Broken]]:
    """The tasks and the broken pieces of a file, after writing `data` to it."""
    if data is not None:
        path.write_bytes(data)
    tasks, broken = [], []
    with Source(str(path)) as source:
        for piece in split(source):
            if isinstance(piece, Tasks):
                tasks += piece.tasks
            else:
                broken.append(piece)
    return tasks, broken


def plain(tasks: list[Any]) -> list[tuple[int, list[tuple[int, object]]]]:
    """Ids and results, to compare with."""
    return [(t.id, [(a.id, json.loads(bytes(a.result))) for a in t.annotations]) for t in tasks]


def expected(tasks: list[Any]) -> list[tuple[int, list[tuple[int, object]]]]:
    return [(t["id"], [(a["id"], a["result"]) for a in t["annotations"]]) for t in tasks]


def tasks_of(path: Path) -> list[Any]:
    content = json.loads(path.read_bytes())
    return content["tasks"] if isinstance(content, dict) else content


@pytest.mark.parametrize("window", [100, 3_000, 100_000, 8 * 2**20])
@pytest.mark.parametrize("path", EVERY_EXPORT, ids=lambda path: path.stem)
def test_any_window_gives_the_same_tasks(path: Path, window: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "WINDOW_BYTES", window)
    tasks, broken = read(path)
    assert broken == []
    assert plain(tasks) == expected(tasks_of(path))


LIKE_A_START = '"},{"id":9,"annotations":['
TASKS = [
    task(1, [annotation(1, [point("p", 1)]), annotation(2, [point("p", 2)])]),
    task(2, []),
    task(3, [annotation(3, [point(LIKE_A_START, 3)], last_action=LIKE_A_START)]),
    task(4, [annotation(4, None)], data={"image": '抓取 🤖 \\" \u2028.png'}),
]


@pytest.mark.parametrize("window", [60, 700, 8 * 2**20])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(TASKS),
        json.dumps(TASKS, separators=(",", ":"), ensure_ascii=False),
        json.dumps(TASKS, indent=2),
        json.dumps(TASKS, sort_keys=True),
        json.dumps(TASKS).replace("/", "\\/"),
        "\ufeff \r\n" + json.dumps(TASKS) + "\n\n",
        "\n".join(map(json.dumps, TASKS)),
        "\r\n\r\n".join(map(json.dumps, TASKS)) + "\r\n",
        "\n".join(json.dumps(t, indent=1) for t in TASKS),
        json.dumps({"total": 4, "tasks": TASKS}),
        json.dumps({"tasks": TASKS, "total": 4, "by": [{"id": 1}]}, indent=1),
        json.dumps([{key: t[key] for key in reversed(t)} for t in TASKS]),
        json.dumps(TASKS[:2]) + json.dumps(TASKS[2:]),
    ],
    ids=[
        *("spaced", "server", "indented", "sorted", "escaped", "bom", "lines", "crlf", "indented_objects"),
        *("wrapped", "wrapped_first", "reversed_keys", "two_arrays"),
    ],
)
def test_forms_of_a_file(text: str, window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitting, "WINDOW_BYTES", window)
    tasks, broken = read(tmp_path / "export.json", text.encode())
    assert broken == []
    assert plain(tasks) == expected(TASKS)


def test_a_single_task_and_an_empty_array(tmp_path: Path) -> None:
    tasks, broken = read(tmp_path / "export.json", json.dumps(TASKS[0]).encode())
    assert (plain(tasks), broken) == (expected(TASKS[:1]), [])
    assert read(tmp_path / "export.json", b"[]") == ([], [])
    assert read(tmp_path / "export.json", b" [ ]\n") == ([], [])
    assert read(tmp_path / "export.json", b'{"tasks":[]}') == ([], [])


def zstd(data: bytes) -> bytes:
    return pa.Codec("zstd").compress(data).to_pybytes()


@pytest.mark.parametrize("name", ["export.json", "export.json.gz", "export.json.zst"])
@pytest.mark.parametrize("compress", [gzip.compress, zstd], ids=["gzip", "zstd"])
def test_compressed_files_are_told_by_their_bytes(compress: Any, name: str, tmp_path: Path) -> None:
    data = B_EXPORT.read_bytes()
    tasks, broken = read(tmp_path / name, compress(data))
    assert (plain(tasks), broken) == (expected(json.loads(data)), [])
    tasks, broken = read(tmp_path / name, compress(data[:1000]) + compress(data[1000:]))
    assert (plain(tasks), broken) == (expected(json.loads(data)), [])


def test_the_hash_is_of_the_bytes_on_disk(tmp_path: Path) -> None:
    import hashlib

    data = gzip.compress(B_EXPORT.read_bytes())
    path = tmp_path / "export.json.gz"
    path.write_bytes(data)
    with Source(str(path)) as source:
        source.read(10)
        assert source.sha256() == hashlib.sha256(data).hexdigest()
        assert source.disk_bytes == len(data)


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvest.loader.source.BOMB_BYTES", 2**20)
    with pytest.raises(HarvestError, match="expands to more than 500 times its size"):
        read(tmp_path / "export.json.gz", gzip.compress(b" " * 2**24))


def server_text(tasks: list[Any]) -> bytes:
    return json.dumps(tasks, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("window", [60, 8 * 2**20])
@pytest.mark.parametrize(
    ("broken_task", "reason"),
    [
        (b'{"id":9,"annotations":[{]}', "broken JSON: "),
        (b'{"id":9,"annotations":[],"data":"no end of text}', "broken JSON: "),
        (b'{"id":9,"annotations":[],"data":{"a":"\xff\xfe"}}', "invalid UTF-8 at byte 38 of it"),
        (b'{"id":9,"annotations":[{"id":1}],"data":{},"data":{}, "x":tru}', "broken JSON: "),
        (b'{"id":9,"annotations":"none"}', "its annotations are no list"),
        (b'{"id":9,"annotations":null}', "its annotations are no list"),
        (b'{"id":9,"annotations":[5]}', "an annotation is no object"),
        (b'{"id":9,"annotations":[{"result":[]}]}', "an annotation has no usable id"),
        (b'{"id":9,"annotations":[{"id":1},{"id":1}]}', "the id of an annotation occurs twice in it"),
        (b'{"id":9,"annotations":[{"id":1,"result":{}}]}', "annotation 1: its result is no list"),
        (b'{"id":9,"annotations":[{"id":1,"result":"[]"}]}', "annotation 1: its result is no list"),
        (b'{"id":9,"annotations":[{"id":1,"task":8}]}', "annotation 1 is of another task"),
        (
            b'{"id":9,"annotations":[{"id":1,"was_cancelled":"maybe"}]}',
            "was_cancelled is neither true nor false",
        ),
        (
            b'{"id":9,"annotations":[{"id":1,"completed_by":"bob"}]}',
            "completed_by is neither an id nor an object",
        ),
        (b'{"id":9,"annotations":[],"drafts":7}', "its drafts are no list"),
        (b'{"id":9,"annotations":[],"drafts":[{}]}', "a draft has no usable id"),
        (b'{"id":9,"annotations":[],"predictions":[null]}', "a prediction has no usable id"),
        (b'{"id":"nine","annotations":[]}', "it has no usable id"),
        (b'{"id":99999999999999999999,"annotations":[]}', "it has no usable id"),
        (b'{"annotations":[]}', "it has no usable id"),
        (b'{"id":9}', "it has no annotations"),
        (b'{"id":9,"overlap":"x","annotations":[],"annotations":[]}', "the key 'annotations' occurs twice"),
        (b'"a text"', "it is no JSON object"),
        (b"null", "it is no JSON object"),
        (b'{"id":9,"annotations":[' + b"[" * 100_000 + b"]" * 100_000 + b"]}", "nested too deeply"),
    ],
    ids=lambda value: value[:50] if isinstance(value, bytes) else "",
)
def test_a_broken_task_goes_alone(
    broken_task: bytes, reason: str, window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "WINDOW_BYTES", window)
    before, after = server_text(TASKS[:2])[:-1] + b",", b"," + server_text(TASKS[2:])[1:]
    tasks, (broken,) = read(tmp_path / "export.json", before + broken_task + after)
    assert plain(tasks) == expected(TASKS)
    assert reason in broken.reason
    assert broken.byte_offset == len(before)
    assert broken.byte_length in (len(broken_task), len(broken_task) + 1)
    assert broken.task_id == (9 if broken_task.startswith((b'{"id":9,', b'{"id":9}')) else None)
    assert broken.excerpt == broken_task.decode("utf-8", "replace")[:2000] or broken.excerpt.endswith(",")


def test_two_broken_neighbours_are_two(tmp_path: Path) -> None:
    bad = b'{"id":%d,"annotations":[}'
    text = server_text(TASKS[:1])[:-1] + b"," + bad % 7 + b"," + bad % 8 + b"," + server_text(TASKS[1:])[1:]
    tasks, broken = read(tmp_path / "export.json", text)
    assert plain(tasks) == expected(TASKS)
    assert [piece.task_id for piece in broken] == [7, 8]


@pytest.mark.parametrize("window", [100, 8 * 2**20])
def test_a_task_larger_than_the_limit_is_passed_over(
    window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "WINDOW_BYTES", window)
    monkeypatch.setattr(splitting, "LARGEST_TASK_BYTES", 50_000)
    large = server_text([task(9, [], data={"text": "x" * 2_000_000})])[1:-1]
    before = server_text(TASKS[:2])[:-1] + b","
    tasks, broken = read(tmp_path / "export.json", before + large + b"," + server_text(TASKS[2:])[1:])
    if window == 100:
        (piece,) = broken
        assert (piece.task_id, piece.byte_offset, piece.byte_length) == (9, len(before), len(large) + 1)
        assert "larger than" in piece.reason
        assert plain(tasks) == expected(TASKS)
    else:
        assert (len(tasks), broken) == (5, [])


@pytest.mark.parametrize("window", [1_000, 8 * 2**20])
def test_a_truncated_file_gives_what_is_whole(
    window: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(splitting, "WINDOW_BYTES", window)
    text = server_text(TASKS)
    ends = [len(server_text(TASKS[:n])) - 1 for n in range(1, 5)]
    for length in range(2, len(text)):
        tasks, broken = read(tmp_path / "export.json", text[:length])
        whole = sum(end <= length for end in ends)
        assert plain(tasks) == expected(TASKS[:whole]), length
        (piece,) = broken
        assert piece.reason == "the file ends here, the rest of the export is missing", length
        assert piece.byte_offset + piece.byte_length == length
        assert piece.byte_offset >= ([1, *ends])[whole]


def test_a_truncated_file_of_lines(tmp_path: Path) -> None:
    text = "\n".join(map(json.dumps, TASKS)).encode()
    tasks, (piece,) = read(tmp_path / "export.jsonl", text[:-10])
    assert plain(tasks) == expected(TASKS[:3])
    assert (piece.task_id, piece.reason) == (4, "the file ends here, the rest of the export is missing")


@pytest.mark.parametrize("compress", [gzip.compress, zstd], ids=["gzip", "zstd"])
def test_a_truncated_compressed_file_gives_what_is_whole(compress: Any, tmp_path: Path) -> None:
    generator = random.Random(1)
    tasks = [task(n, [annotation(n, [point("p", generator.random())] * 30)]) for n in range(3000)]
    data = compress(server_text(tasks))
    found, broken = read(tmp_path / "export", data[: len(data) // 2])
    assert plain(found) == expected(tasks[: len(found)])
    assert 1000 < len(found) < 3000
    assert "the compressed file is damaged, its text ends here" in broken[-1].reason


@pytest.mark.parametrize("at", [0, 1, -1])
def test_a_stray_byte_costs_no_task(at: int, tmp_path: Path) -> None:
    """A byte put at the array's start, before its first task, or at its end."""
    text = bytearray(server_text(TASKS))
    text.insert(at % (len(text) + 1), ord("X"))
    tasks, broken = read(tmp_path / "export.json", bytes(text))
    assert plain(tasks) == expected(TASKS)
    assert len(broken) == 1


def test_random_damage_loses_no_untouched_task(tmp_path: Path) -> None:
    """Flipped, cut and spliced bytes: every task outside the damage is there, and unchanged."""
    original = server_text([task(n, [annotation(n, [point("p", n / 7)] * 3)]) for n in range(20)])
    wanted = dict(expected(json.loads(original)))
    spans, start = {}, 1
    for number, value in enumerate(json.loads(original)):
        spans[number] = (start, start + len(server_text([value])) - 2)
        start = spans[number][1] + 1
    path = tmp_path / "export.json"
    generator = random.Random(20261121)
    for _ in range(1000):
        first = generator.randrange(len(original))
        length = generator.choice([1, 1, 1, 5, 100, 700])
        last = min(first + length, len(original))
        kind = generator.choice(["flip", "cut", "splice"])
        text = bytearray(original)
        if kind == "flip":
            text[first:last] = bytes(generator.randrange(256) for _ in range(first, last))
        elif kind == "cut":
            del text[first:last]
        else:
            other = generator.randrange(len(original))
            text[first:first] = original[other : other + length]
        tasks, broken = read(path, bytes(text))
        found: dict[int, list[Any]] = {}
        for number, annotations in plain(tasks):
            found.setdefault(number, []).append(annotations)
        for number, (begin, end) in spans.items():
            touched = begin <= last and first <= end
            if not touched:
                assert wanted[number] in found.get(number, []), (kind, first, last, number, broken)


def test_quarantine_holds_what_is_needed_to_find_a_broken_task(tmp_path: Path) -> None:
    before, after = server_text(TASKS[:2])[:-1] + b",", b"," + server_text(TASKS[2:])[1:]
    path = tmp_path / "b" / "export.json"
    path.parent.mkdir()
    lone_surrogate = b'{"id":9,"annotations":[{"id":1,"result":[{"id":"\\ud800"}]}]}'
    path.write_bytes(before + lone_surrogate + b',{"id":10,"annotations":[}' + after)
    loaded = load_paths(tmp_path / "harvest.duckdb", path)
    assert loaded.rows("quarantine", "task_id, byte_offset, byte_length, reason, excerpt") == [
        (9, len(before), len(lone_surrogate), "a text in it is no valid Unicode", lone_surrogate.decode()),
        (
            10,
            len(before) + len(lone_surrogate) + 1,
            26,
            "broken JSON: Expecting value at byte 24 of it",
            '{"id":10,"annotations":[},',
        ),
    ]
    counts = "task_count, loaded_task_count, superseded_task_count, quarantined_task_count"
    assert loaded.row("exports", counts) == (6, 4, 0, 2)
    assert [row[0] for row in loaded.rows("tasks", "task_id")] == [1, 2, 3, 4]
    assert loaded.report.quarantined_count == 2


def test_the_text_of_tasks_without_their_raw_values() -> None:
    text = memoryview(
        b'[{"id":1,"annotations":[{"id":2},{"result":[{"id":"a"}],"id":3,"prediction":{"result":[1,2],"id":4}}]},'
        b' {"id":5,"data":{"image":"x"},"annotations":[{"id":6,"result":null}],'
        b'"predictions":[{"id":7,"result":[{}]}]}]'
    )
    assert without_raw(text, decode_tasks(text)) == (
        b'[{"id":1,"annotations":[{"id":2},{"result":0,"id":3,"prediction":{"result":0,"id":4}}]},'
        b' {"id":5,"data":0,"annotations":[{"id":6,"result":0}],'
        b'"predictions":[{"id":7,"result":0}]}]'
    )
    lines = memoryview(b'{"id":1,"annotations":[]}\n\n{"id":2,"annotations":[],"data":{"a":1}}\n')
    assert without_raw(lines, decode_task_lines(lines)) == (
        b'[{"id":1,"annotations":[]},{"id":2,"annotations":[],"data":0}]'
    )
