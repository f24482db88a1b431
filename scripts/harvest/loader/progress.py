"""How far a load is, on stderr: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.progress import Progress as Bar

from harvest.loader.stage import Progress

SECONDS_BETWEEN_LINES = 10

Show = Callable[[Progress], None]


@contextmanager
def progress_bar(console: Console, *, quiet: bool = False) -> Iterator[Show]:
    """Something to call with a load's progress: it shows bytes, tasks, MB/s and the time left."""
    if quiet:
        yield lambda _progress: None
    elif console.is_terminal:
        columns = (
            BarColumn(),
            DownloadColumn(),
            TextColumn("{task.fields[tasks]:,} tasks"),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Bar(*columns, console=console, transient=True) as bar:
            shown = bar.add_task("load", total=None, tasks=0)
            yield lambda progress: bar.update(
                shown,
                completed=progress.bytes_read,
                total=progress.bytes_total,
                tasks=progress.tasks,
            )
    else:
        yield _lines(console)


def _lines(console: Console) -> Show:
    start = said = time.monotonic()

    def show(progress: Progress) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said < SECONDS_BETWEEN_LINES:
            return
        said = now
        speed = progress.bytes_read / (now - start)
        left = (progress.bytes_total - progress.bytes_read) / speed if speed else 0
        console.print(
            f"{progress.bytes_read / 1e6:,.0f} of {progress.bytes_total / 1e6:,.0f} MB, "
            f"{progress.tasks:,} tasks, {speed / 1e6:,.0f} MB/s, {left:,.0f} s left",
            highlight=False,
            soft_wrap=True,
        )

    return show
