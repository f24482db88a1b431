"""How far a pull is, on stderr: a bar on a terminal, else a line now and then."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

SECONDS_BETWEEN_LINES = 10

PHASES = {"snapshot": "Label Studio makes the snapshot", "download": "downloading"}


def size(count: int) -> str:
    """Bytes as people read them: `45.6 MB`, `12 KB`."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:,.0f} KB"


@dataclass(frozen=True)
class Step:
    """Where a pull stands.

    Attributes:
        project: Number of the project.
        phase: `snapshot` while the server makes it, then `download`.
        bytes_done: Bytes that are here.
        bytes_total: Bytes of the whole, None while unknown.
    """

    project: int
    phase: str
    bytes_done: int = 0
    bytes_total: int | None = None

    @property
    def title(self) -> str:
        return f"Project {self.project}: {PHASES[self.phase]}"

    @property
    def figures(self) -> str:
        """What is here, and of how much; empty before the first byte."""
        if not self.bytes_done:
            return ""
        of_all = f" of {size(self.bytes_total)}" if self.bytes_total else ""
        return f"{size(self.bytes_done)}{of_all}"


class Display(Protocol):
    """Where a pull tells how far it is."""

    def say(self, text: str) -> None:
        """Tell something that stays on the screen."""

    def show(self, step: Step) -> None:
        """Tell where the pull stands; may be called often."""


@contextmanager
def progress_display(console: Console, *, quiet: bool = False) -> Iterator[Display]:
    """A display on `console`; a quiet one says nothing."""
    if quiet:
        yield Silence()
    elif console.is_terminal:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=console, transient=True) as progress:
            yield Bar(progress)
    else:
        yield Lines(console)


class Silence:
    """Says nothing."""

    def say(self, text: str) -> None:
        pass

    def show(self, step: Step) -> None:
        pass


class Bar:
    """One bar, of the phase that is at work."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._title = ""
        self._task: TaskID | None = None

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, step: Step) -> None:
        if step.title != self._title:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._title = step.title
            self._task = self._progress.add_task(step.title, total=None, figures="")
        self._progress.update(
            self._task, completed=step.bytes_done, total=step.bytes_total, figures=step.figures
        )


class Lines:
    """A line when a phase begins to take long, and then every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._title = ""
        self._start = self._said = 0.0

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def show(self, step: Step) -> None:
        now = time.monotonic()
        if step.title != self._title:
            self._title = step.title
            self._start = self._said = now
        if now - self._said >= SECONDS_BETWEEN_LINES:
            self._said = now
            figures = f"{step.figures}, " if step.figures else ""
            self.say(f"{step.title}, {figures}{now - self._start:,.0f} s")
