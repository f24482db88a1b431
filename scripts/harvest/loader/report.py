"""What a load did, for programs and for people."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.table import Table


@dataclass(frozen=True)
class ProjectCounts:
    """Rows staged of one project; `superseded` and `quarantined` count tasks that were not."""

    project: str
    files: int
    tasks: int
    annotations: int
    drafts: int
    predictions: int
    regions: int
    superseded: int
    quarantined: int


@dataclass(frozen=True)
class Quarantined:
    """One task that could not be understood: where it lies in the decompressed text, and why."""

    path: str
    byte_offset: int
    byte_length: int
    task_id: int | None
    reason: str


@dataclass(frozen=True)
class LoadReport:
    """The outcome of a load: counts by project, what the exports have lost, what could not be understood."""

    database: str
    projects: Sequence[ProjectCounts]
    warnings: Sequence[str] = ()
    quarantined: Sequence[Quarantined] = field(default=())


SHOWN_QUARANTINED = 10


def print_report(report: LoadReport, console: Console) -> None:
    """Print the table a person reads after a load, then every warning and the first quarantined tasks."""
    table = Table(
        title=f"Loaded into {escape(report.database)}",
        title_justify="left",
        pad_edge=False,
        box=None,
        expand=False,
    )
    table.add_column("project")
    names = ("files", "tasks", "annotations", "drafts", "predictions", "regions", "rejected", "older")
    for name in names:
        table.add_column(name, justify="right")
    for counts in report.projects:
        numbers = (
            counts.files,
            counts.tasks,
            counts.annotations,
            counts.drafts,
            counts.predictions,
            counts.regions,
            counts.quarantined,
            counts.superseded,
        )
        table.add_row(counts.project, *(f"{number:,}" for number in numbers))
    console.print(table)
    for warning in report.warnings:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    if report.quarantined:
        count = len(report.quarantined)
        console.print(
            f"{count:,} task{'s' * (count != 1)} could not be understood and {'are' if count != 1 else 'is'} in "
            "label_studio.quarantine, nothing of them is used:",
            style="bold red",
            soft_wrap=True,
        )
        for task in report.quarantined[:SHOWN_QUARANTINED]:
            name = "a task" if task.task_id is None else f"task {task.task_id}"
            console.print(
                f"  {task.path}: {name} at byte {task.byte_offset}: {task.reason}",
                markup=False,
                highlight=False,
                soft_wrap=True,
            )
        if count > SHOWN_QUARANTINED:
            console.print(f"  … and {count - SHOWN_QUARANTINED:,} more")
