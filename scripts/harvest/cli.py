"""The command `harvest`. Each command's work is in a module of its own, imported when it runs."""

import sys

import click

from harvest.errors import HarvestError

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
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings and errors.")
def load(
    paths: tuple[str, ...], projects: dict[str, list[str]], database: str, strict: bool, quiet: bool
) -> None:
    """Load Label Studio JSON exports, replacing what was loaded before.

    PATHs are export files, or folders that are searched for them. A file's project is what --project says,
    else its nearest parent folder named a, b or c, else its name if that starts with project_a, project_b or
    project_c.
    """
    from rich.console import Console

    from harvest.loader import load as load_exports
    from harvest.loader.report import print_report

    report = load_exports(paths, projects=projects, database=database, strict=strict)
    print_report(report, Console(file=sys.stderr if quiet else sys.stdout), quiet=quiet)


@main.command()
@database_option
def summary(database: str) -> None:
    """Show what the last build kept, what it left out and why, and where the files are."""
    from pathlib import Path

    from rich.console import Console

    from harvest.layout import default_root
    from harvest.summary import print_summary

    print_summary(Path(database), default_root(), Console())


if __name__ == "__main__":
    main()
