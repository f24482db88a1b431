"""Damage, hostile names and sizes, and interruption: nothing crashes, hangs or changes silently."""

import gc
import gzip
import json
import random
import signal
import subprocess
import sys
import textwrap
import time
from io import StringIO
from pathlib import Path

import duckdb
import pytest
from rich.console import Console

from harvest.loader import split as splitting
from harvest.loader.envelope import Task
from harvest.loader.progress import progress_bar
from harvest.loader.source import Source
from harvest.loader.split import Tasks, split
from harvest.loader.stage import Progress
from loading import EXAMPLES, Loaded, annotation, load_paths, load_tasks, point, run, task, write_export

EXPORTS = [EXAMPLES / "exports" / project / "export_all_tasks.json" for project in "abc"]
MUTATIONS = 10_000
HOSTILE = [
    "Robert'); drop table label_studio.tasks; --",
    'quo"te',
    "it's",
    "new\nline",
    " spaces  ",
    "抓取 🤖",
    "%s {} $1 [bold]",
    "..",
]


@pytest.mark.parametrize("name", HOSTILE[:-1])
def test_a_file_may_have_any_name(name: str, tmp_path: Path) -> None:
    path = write_export(tmp_path / "b" / name / f"{name}.json", [task()])
    write_export(path.parent / "project.json", {"maximum_annotations": 2})
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path)
    assert loaded.rows("exports", "path, maximum_annotations") == [(str(path), 2)]
    path.write_text("[1]")
    result = run("load", path, "--database", tmp_path / "other.duckdb")
    assert result.exit_code == 1
    assert str(path) in result.output


def test_texts_are_only_texts(tmp_path: Path) -> None:
    tasks = [
        task(number, [annotation(number, [point(text, value={"keypointlabels": [text]}, parentID=text)])])
        for number, text in enumerate(HOSTILE)
    ]
    loaded = load_tasks(tmp_path, *tasks)
    rows = loaded.rows("regions", "task_id, region_id, labels, parent_region_id")
    assert rows == [(number, text, [text], text) for number, text in enumerate(HOSTILE)]


def test_links_in_a_circle(tmp_path: Path) -> None:
    write_export(tmp_path / "b" / "x.json", [task()])
    (tmp_path / "b" / "up").symlink_to(tmp_path)
    (tmp_path / "b" / "here").symlink_to(tmp_path / "b")
    (tmp_path / "b" / "self.json").symlink_to(tmp_path / "b" / "self.json")
    loaded = load_paths(tmp_path / "harvest.duckdb", tmp_path)
    assert len(loaded.rows("exports")) == 1


def test_one_endless_string(tmp_path: Path) -> None:
    """A text far larger than the largest task costs its task and no memory."""
    path = tmp_path / "b" / "export.json"
    path.parent.mkdir()
    limit = splitting.LARGEST_TASK_BYTES
    with path.open("w") as file:
        file.write("[" + json.dumps(task(1)) + ',{"id": 2, "annotations": [], "data": {"text": "')
        for _ in range(3 * limit // 2**20):
            file.write("x" * 2**20)
        file.write('"}},' + json.dumps(task(3)) + "]")
    loaded = load_paths(tmp_path / "harvest.duckdb", path)
    assert [row[0] for row in loaded.rows("tasks", "task_id")] == [1, 3]
    ((task_id, length, reason),) = loaded.rows("quarantine", "task_id, byte_length, reason")
    assert (task_id, reason) == (2, f"larger than {limit // 2**20} MiB")
    assert length > 3 * limit


def test_a_bomb_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvest.loader.source.BOMB_BYTES", 2**20)
    before = load_tasks(tmp_path, task(1)).everything()
    path = tmp_path / "b" / "bomb.json.gz"
    path.write_bytes(gzip.compress(b"[" + b" " * 2**24))
    result = run("load", path, "--database", tmp_path / "harvest.duckdb")
    assert result.exit_code == 1
    assert f"{path} expands to more than 500 times its size" in result.output
    assert Loaded(tmp_path / "harvest.duckdb", None).everything() == before


def _mutated(original: bytes, generator: random.Random) -> tuple[bytes, int, int]:
    """A copy with bytes flipped, cut or spliced in, and the range of the original that was touched."""
    first = generator.randrange(len(original))
    last = min(first + generator.choice((1, 1, 1, 5, 100, 2000)), len(original))
    kind = generator.choice(("flip", "cut", "splice"))
    if kind == "cut":
        return original[:first] + original[last:], first, last
    if kind == "flip":
        return original[:first] + generator.randbytes(last - first) + original[last:], first, last
    start = generator.randrange(len(original))
    return original[:first] + original[start : start + last - first] + original[first:], first, first


def _content(found: Task) -> tuple:
    return (
        found.id,
        bytes(found.data),
        [(a.id, a.completed_by, a.was_cancelled, bytes(a.result)) for a in found.annotations],
    )


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.parent.name)
def test_no_damage_reaches_an_untouched_task(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random mutations of slices of a real export: whatever is whole comes out whole, in bounded time."""
    values = json.loads(path.read_bytes())
    texts = [json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() for value in values]
    texts = [text for text in texts if len(text) < 20_000]
    generator = random.Random(path.parent.name)
    target = tmp_path / "export.json"
    started = time.monotonic()
    for number in range(MUTATIONS // 3):
        monkeypatch.setattr(splitting, "WINDOW_BYTES", generator.choice((2_000, 8 * 2**20)))
        chosen = generator.sample(texts, 4)
        original = b"[" + b",".join(chosen) + b"]"
        damaged, first, last = _mutated(original, generator)
        target.write_bytes(damaged)
        with Source(str(target)) as source:
            pieces = list(split(source))
        found = [_content(task) for piece in pieces if isinstance(piece, Tasks) for task in piece.tasks]
        start = 1
        for text in chosen:
            end = start + len(text)
            if last < start - 1 or first > end:
                wanted = _content(splitting.decode_task(text))
                assert wanted in found, (number, first, last, [type(piece) for piece in pieces])
            start = end + 1
    assert time.monotonic() - started < 60


def test_damaged_files_load_and_add_up(tmp_path: Path) -> None:
    """The same through the whole load, many damaged files at once."""
    generator = random.Random(4)
    for project, path in zip("abc", EXPORTS, strict=True):
        values = json.loads(path.read_bytes())
        for number in range(100):
            chosen = generator.sample(values, 2)
            for index, value in enumerate(chosen):
                value["id"] = 1000 * number + index
                for each in value["annotations"]:
                    each["task"] = value["id"]
            text = json.dumps(chosen, ensure_ascii=False, separators=(",", ":")).encode()
            target = tmp_path / project / f"{number}.json"
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(_mutated(text, generator)[0])
    database = tmp_path / "harvest.duckdb"
    (tmp_path / "b" / "whole.json").write_bytes(EXPORTS[1].read_bytes())
    result = run("load", tmp_path, "--database", database)
    assert result.exit_code == 0, result.output
    with duckdb.connect(str(database)) as connection:
        assert connection.execute(
            """select count(*) from label_studio.exports
            where task_count <> loaded_task_count + superseded_task_count + quarantined_task_count"""
        ).fetchone() == (0,)
        assert connection.execute(
            """select (select sum(region_count) from label_studio.annotations)
            - (select count(*) from label_studio.regions)"""
        ).fetchone() == (0,)


def test_an_interrupt_leaves_the_previous_load_untouched(tmp_path: Path) -> None:
    before = load_tasks(tmp_path, task(1)).everything()
    path = write_export(tmp_path / "b" / "2.json", [task(number) for number in range(20_000)])
    program = textwrap.dedent("""
        from harvest.cli import main
        from harvest.loader import batches, split

        def flush_and_say_so(staging, flush=batches.Batches.flush):
            flush(staging)
            print("a batch", flush=True)

        split.WINDOW_BYTES, batches.BATCH_BYTES = 10_000, 100_000
        batches.Batches.flush = flush_and_say_so
        main()
    """)
    process = subprocess.Popen(
        [sys.executable, "-c", program, "load", path, "--database", tmp_path / "harvest.duckdb"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert [process.stdout.readline() for _ in range(3)] == ["a batch\n"] * 3
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1, said
    assert "Aborted!" in said
    assert Loaded(tmp_path / "harvest.duckdb", None).everything() == before


def test_progress_in_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harvest.loader.progress.SECONDS_BETWEEN_LINES", 0)
    said = StringIO()
    with progress_bar(Console(file=said, width=40)) as show:
        time.sleep(0.01)
        show(Progress(bytes_read=5_000_000, bytes_total=20_000_000, tasks=1234))
    assert said.getvalue().startswith("5 of 20 MB, 1,234 tasks, ")
    assert said.getvalue().endswith(" s left\n")


def test_progress_on_a_terminal_and_none_when_quiet() -> None:
    said = StringIO()
    console = Console(file=said, width=100, force_terminal=True)
    with progress_bar(console) as show:
        show(Progress(bytes_read=5_000_000, bytes_total=20_000_000, tasks=1234))
    assert "5.0/20.0 MB" in said.getvalue()
    assert "1,234 tasks" in said.getvalue()
    said = StringIO()
    with progress_bar(Console(file=said, force_terminal=True), quiet=True) as show:
        show(Progress(bytes_read=5_000_000, bytes_total=20_000_000, tasks=1234))
    assert said.getvalue() == ""


def test_tasks_with_much_data_stay_within_the_memory(tmp_path: Path) -> None:
    tasks = [task(number) for number in range(600)]
    for each in tasks:
        each["data"]["text"] = "x" * 100_000
    loaded = load_tasks(tmp_path, *tasks, memory_limit="128MB")
    assert len(loaded.rows("tasks", "task_id")) == 600


def test_a_memory_limit_that_is_too_small_is_one_clear_error(tmp_path: Path) -> None:
    large = task(1)
    large["data"]["text"] = "x" * 20_000_000
    path = write_export(tmp_path / "b" / "export.json", [large])
    result = run("load", path, "--database", tmp_path / "harvest.duckdb", "--memory-limit", "32MB")
    assert result.exit_code == 1
    assert "A memory limit of 32MB is too small for these exports" in result.output
    assert not (tmp_path / "harvest.duckdb").exists()


def test_many_files_leave_nothing_behind(tmp_path: Path) -> None:
    """Loads run without the garbage collector: what a file leaves in a cycle would stay in memory."""
    files = 300
    for number in range(files):
        write_export(tmp_path / "b" / f"{number}.json", [task(number)])
    gc.collect()
    gc.disable()
    try:
        load_paths(tmp_path / "harvest.duckdb", tmp_path / "b")
        assert gc.collect() < files
    finally:
        gc.enable()
