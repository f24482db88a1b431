"""The command `harvest`. Each command's work is in a module of its own, imported when it runs."""

import sys
from typing import TYPE_CHECKING

import click

from harvest.errors import HarvestError

if TYPE_CHECKING:
    from harvest.pull import Wanted

DEFAULT_DATABASE = "harvest.duckdb"

database_option = click.option(
    "--database",
    envvar="HARVEST_DATABASE",
    default=DEFAULT_DATABASE,
    show_default=True,
    show_envvar=True,
    type=click.Path(dir_okay=False),
    help="The DuckDB file.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="label-harvest")
def main() -> None:
    """Turn Label Studio exports into gated, versioned training sets."""


def _projects(
    _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
) -> dict[str, list[str]]:
    projects: dict[str, list[str]] = {}
    for value in values:
        project, equals, path = value.partition("=")
        if not equals or not path:
            raise HarvestError(f"--project {value}: write it as --project a=PATH (or b=PATH, c=PATH).")
        projects.setdefault(project, []).append(path)
    return projects


@main.command()
@click.argument("paths", nargs=-1, metavar="PATH...")
@click.option(
    "--project",
    "projects",
    multiple=True,
    metavar="a=PATH",
    callback=_projects,
    help="The project of a file, or of all files in a folder. Repeatable.",
)
@database_option
@click.option("--strict", is_flag=True, help="Fail and load nothing when a task cannot be understood.")
@click.option(
    "--memory-limit",
    default="256MB",
    show_default=True,
    metavar="SIZE",
    help="Memory of DuckDB; the load takes up to 512 MB more.",
)
@click.option("--fresh", is_flag=True, help="Read every file again, even those that have not changed.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
def load(
    paths: tuple[str, ...],
    projects: dict[str, list[str]],
    database: str,
    strict: bool,
    memory_limit: str,
    fresh: bool,
    quiet: bool,
) -> None:
    """Load Label Studio JSON exports, replacing what was loaded before.

    PATHs are export files, or folders that are searched for them. A file's project is what --project says,
    else its nearest parent folder named a, b or c, else its name if that starts with project_a, project_b or
    project_c.
    """
    from rich.console import Console

    from harvest.loader import load as load_exports
    from harvest.loader.progress import progress_bar
    from harvest.loader.report import print_report

    with progress_bar(Console(stderr=True), quiet=quiet) as progress:
        report = load_exports(
            paths,
            projects=projects,
            database=database,
            strict=strict,
            memory_limit=memory_limit,
            fresh=fresh,
            progress=progress,
        )
    print_report(report, Console(file=sys.stderr if quiet else sys.stdout), quiet=quiet)


def _wanted(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> list["Wanted"]:
    from harvest.pull import wanted_project

    return [wanted_project(value) for value in values]


@main.command()
@click.option("--url", required=True, metavar="URL", help="Address of the Label Studio server.")
@click.option(
    "--project",
    "wanted",
    multiple=True,
    required=True,
    metavar="a=7",
    callback=_wanted,
    help="What the project is (a, b or c) and its number in Label Studio. Repeatable.",
)
@click.option(
    "--exports",
    default="exports",
    show_default=True,
    type=click.Path(file_okay=False),
    help="Folder the exports go to, as a/7/ and so on.",
)
@click.option("--fresh", is_flag=True, help="Do not continue an interrupted pull: make a new snapshot.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def pull(url: str, wanted: list["Wanted"], exports: str, fresh: bool, quiet: bool) -> None:
    """Fetch exports from a Label Studio server, replacing those of an earlier pull.

    Makes a snapshot of each project with everything expanded, waits for it, and downloads it with its
    project.json. The access token comes from the environment variable LABEL_STUDIO_API_KEY. The same command
    continues a pull that was interrupted in the last 12 hours.

    \b
    Needs the extra pull: pip install -e '.[pull]' in the folder of label-harvest.
    """
    from pathlib import Path

    from rich.console import Console

    from harvest.pull import pull as pull_projects
    from harvest.pull.progress import progress_display

    try:
        with progress_display(Console(stderr=True), quiet=quiet) as display:
            for pulled in pull_projects(url, wanted, exports=Path(exports), display=display, fresh=fresh):
                if not quiet:
                    click.echo(pulled)
    except KeyboardInterrupt:
        raise HarvestError("Interrupted. The same command continues.") from None


@main.command()
@database_option
def summary(database: str) -> None:
    """Show what the last build kept, what it left out and why, and where the files are."""
    from pathlib import Path

    from rich.console import Console

    from harvest.layout import default_root
    from harvest.summary import print_summary

    print_summary(Path(database), default_root(), Console())


training_sets_option = click.option(
    "--training-sets",
    envvar="HARVEST_TRAINING_SETS",
    default="training_sets",
    show_default=True,
    show_envvar=True,
    type=click.Path(file_okay=False),
    help="Folder of the published versions.",
)


@main.command()
@training_sets_option
def versions(training_sets: str) -> None:
    """List the published versions: date, rows, frames per tier, exports, code."""
    from harvest.layout import TrainingSets
    from harvest.versions.show import console, print_versions

    print_versions(TrainingSets(training_sets), console())


@main.command()
@click.argument("version", type=int)
@training_sets_option
def verify(version: int, training_sets: str) -> None:
    """Check that VERSION is what was published: bytes, rows, types, content. Exit code 1 when it is not."""
    from harvest.layout import TrainingSets
    from harvest.versions.show import console, print_verification
    from harvest.versions.verify import verify as verify_version

    published = TrainingSets(training_sets).version(version)
    findings = verify_version(published)
    print_verification(published, findings, console())
    sys.exit(bool(findings))


@main.command()
@click.argument("old", type=int)
@click.argument("new", type=int)
@click.option("--set", "set_name", type=click.Choice(["a", "b", "c"]), help="Only this training set.")
@click.option("--rows", default=0, metavar="N", help="List up to N changed rows, each with its cause.")
@click.option(
    "--save",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Keep the comparison in a DuckDB file, as tables in the schema diff_OLD_NEW.",
)
@training_sets_option
def diff(old: int, new: int, set_name: str | None, rows: int, save: str | None, training_sets: str) -> None:
    """Show what changed from version OLD to version NEW, and why."""
    from pathlib import Path

    from harvest.layout import TrainingSets
    from harvest.versions.compare import compare
    from harvest.versions.show import console, print_comparison

    published = TrainingSets(training_sets)
    comparison = compare(published.version(old), published.version(new))
    print_comparison(comparison, console(), rows=rows, set_name=set_name)
    if save is not None:
        schema = comparison.save(Path(save))
        click.echo(f"Kept in {save}, schema {schema}.")


@main.command()
@click.argument("version", type=int)
@click.option(
    "--exports",
    required=True,
    type=click.Path(exists=True, file_okay=False),
    help="Folder with the exports VERSION was built from; they are known by their SHA-256.",
)
@click.option(
    "--project-dir",
    default=".",
    show_default=True,
    type=click.Path(file_okay=False),
    help="Folder of dbt_project.yml.",
)
@training_sets_option
def reproduce(version: int, exports: str, project_dir: str, training_sets: str) -> None:
    """Build VERSION again from its manifest, in a temporary place, and compare.

    Exit code 1 when a file differs.
    """
    from pathlib import Path

    from harvest.layout import TrainingSets
    from harvest.versions.reproduce import reproduced
    from harvest.versions.show import console, print_reproduction

    published = TrainingSets(training_sets).version(version)
    with reproduced(published, Path(exports), Path(project_dir)) as reproduction:
        print_reproduction(reproduction, console())
        sys.exit(bool(reproduction.differing_files))


@main.command()
@click.argument("version", type=int, required=False)
@database_option
@training_sets_option
def quality(version: int | None, database: str, training_sets: str) -> None:
    """Show how far the labels can be trusted, and what to do next.

    Tells about the last build, or about the published VERSION. docs/quality.md says what each figure means
    and when not to trust it.
    """
    from pathlib import Path

    from harvest.quality import print_quality
    from harvest.versions.show import console

    print_quality(Path(database), Path(training_sets), version, console())


if __name__ == "__main__":
    main()
