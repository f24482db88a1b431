"""What a load did, for programs and for people."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
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

    def __str__(self) -> str:
        name = "a task" if self.task_id is None else f"task {self.task_id}"
        return f"{self.path}: {name} at byte {self.byte_offset:,} cannot be understood: {self.reason}"


@dataclass(frozen=True)
class LoadReport:
    """The outcome of a load: counts by project, what the exports have lost, what could not be understood.

    `quarantined` holds the first ones; all are in the table `label_studio.quarantine`. `unchanged_files` were
    staged by the load before and not read again.
    """

    database: str
    projects: Sequence[ProjectCounts]
    warnings: Sequence[str] = ()
    quarantined: Sequence[Quarantined] = ()
    unchanged_files: int = 0

    @property
    def quarantined_count(self) -> int:
        return sum(counts.quarantined for counts in self.projects)


SHOWN_QUARANTINED = 10


def loss_warnings(
    path: str, filtered_tasks: int, unknown_predictions: int, bare_drafts: int, listed_tasks: int, tasks: int
) -> Iterator[str]:
    """What the export `path` has lost, by the counts of losses.sql, one sentence each."""
    if filtered_tasks:
        yield (
            f"{path} was filtered: annotations that Label Studio counts are missing in "
            f"{_count(filtered_tasks, 'task')}, such as skips. Export without filters to have them judged."
        )
    if unknown_predictions:
        yield (
            f"{path} names the prediction behind {_count(unknown_predictions, 'annotation')} only by "
            "id: whether it was edited is unknown. Export with full predictions to know."
        )
    if bare_drafts:
        yield (
            f"{path} holds {_count(bare_drafts, 'draft')} only as ids: when they were made and on "
            "which annotation is unknown. Export with full drafts to know."
        )
    if listed_tasks:
        yield (
            f"{path} comes from the task list (GET /api/tasks), which holds no drafts but those of who "
            "asked. Export as JSON to have them all."
        )
    if not tasks:
        yield f"{path} holds no task that is loaded."


def _headline(report: LoadReport) -> str:
    files = sum(counts.files for counts in report.projects)
    if not report.unchanged_files:
        return f"Loaded into {report.database}"
    unchanged = f"{report.unchanged_files:,} of {_count(files, 'file')} had not changed"
    return f"Loaded into {report.database}; {unchanged}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"


def print_report(report: LoadReport, console: Console, *, quiet: bool = False) -> None:
    """Print the table a person reads after a load, then every warning and the first quarantined tasks.

    `quiet` leaves out the table.
    """
    table = Table(pad_edge=False, padding=(0, 1, 0, 0), box=None)
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
    if not quiet:
        console.print(_headline(report), markup=False, highlight=False, soft_wrap=True)
        console.print(table)
    for warning in report.warnings:
        console.print(f"warning: {warning}", markup=False, highlight=False, soft_wrap=True)
    count = report.quarantined_count
    if count:
        console.print(
            f"NOT LOADED: {count:,} task{'s' * (count != 1)}, kept in label_studio.quarantine.",
            style="bold red",
            soft_wrap=True,
        )
        for task in report.quarantined[:SHOWN_QUARANTINED]:
            console.print(f"  {task}", markup=False, highlight=False, soft_wrap=True)
        if count > SHOWN_QUARANTINED:
            console.print(f"  … and {count - SHOWN_QUARANTINED:,} more")
