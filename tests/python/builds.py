"""Helpers of the publishing tests: a workshop is a folder with its own database, target and training sets.

Commands run in forked processes that find dbt imported already, so that many builds fit in a test run, and so
that one can be killed at any moment.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from harvest.layout import TrainingSets

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples/exports"

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    ["dbt.cli.main", "dbt.adapters.duckdb", "harvest.dbt_plugin", "harvest.loader", "pyarrow.dataset"]
)


@dataclass(frozen=True)
class Outcome:
    """What came of a command: whether it succeeded, and what it printed."""

    succeeded: bool
    output: str


@dataclass(frozen=True)
class Workshop:
    """A place to load and build in, apart from the repository's own database and training sets."""

    folder: Path
    project: Path = ROOT

    @property
    def database(self) -> Path:
        return self.folder / "harvest.duckdb"

    @property
    def training_sets(self) -> TrainingSets:
        return TrainingSets(self.folder / "training_sets")

    def copy_to(self, folder: Path) -> Workshop:
        """The same database and parsed project, and no version, in another folder."""
        shutil.copytree(
            self.folder, folder, ignore=shutil.ignore_patterns("training_sets", "logs"), dirs_exist_ok=True
        )
        return Workshop(folder, self.project)

    def load(self, *exports: Path) -> Outcome:
        return self.run(["load", *map(str, exports or [EXAMPLES])])[0]

    def build(self, version: Any = None, *arguments: str, **variables: Any) -> Outcome:
        """`dbt build` without unit tests, which are about the code and not about the data."""
        return self.run([*build_command(version, **variables), *arguments])[0]

    def dbt(self, *arguments: str) -> Outcome:
        return self.run(["dbt", *arguments])[0]

    def run(self, *commands: list[str], before: Callable[[], None] | None = None) -> list[Outcome]:
        """Run commands one after another in one process."""
        process = self.start(*commands, before=before)
        process.join()
        return self.outcomes()

    def start(
        self,
        *commands: list[str],
        before: Callable[[], None] | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> multiprocessing.process.BaseProcess:
        """Start commands in a process of their own; `before` runs first in it."""
        arguments = (self.folder, self.project, commands, before, dict(environment or {}))
        process = _processes.Process(target=_work, args=arguments)
        process.start()
        return process

    def outcomes(self) -> list[Outcome]:
        """Outcomes of the commands that came to their end."""
        lines = (self.folder / "outcomes.jsonl").read_text("utf-8").splitlines()
        return [Outcome(**json.loads(line)) for line in lines]


def lean_project(built: Workshop, folder: Path) -> Workshop:
    """A project that publishes the sets and their lineage as the real one does, from copies of its marts.

    Without the other models it builds in a fraction of the time, most of which is publishing. The copies are
    tables of the schema `kept`, which a test may change; the one gate, `weights_missing`, fails on a null
    weight in set A.

    Args:
        built: A workshop in which the whole project was built; its database gets the copies.
        folder: Where to put the project.
    """
    publishing = {path.stem: path.read_text("utf-8") for path in (ROOT / "models/publish").glob("*.sql")}
    export = (ROOT / "macros/publish/export.sql").read_text("utf-8")
    export = re.sub(r"\n +'\w+': \{[^{}]*'folder': 'quality'[^{}]*\},", "", export)
    published = set(re.findall(r"'relation': '(\w+)'", export))
    referred = set(re.findall(r"ref\('(\w+)'\)", "".join(publishing.values())))
    python_models = {path.stem for path in (ROOT / "models/publish").glob("*.py")}
    marts = sorted((published | referred) - publishing.keys() - python_models)

    for name in ("macros", "models/publish", "models/staging", "tests/generic"):
        shutil.copytree(ROOT / name, folder / name)
    for name in ("dbt_project.yml", "profiles.yml"):
        shutil.copy(ROOT / name, folder)
    (folder / "macros/publish/export.sql").write_text(export, "utf-8")
    gate = "select * from {{ ref('training_set_a') }} where weight is null"
    (folder / "tests/gates").mkdir()
    (folder / "tests/gates/weights_missing.sql").write_text(gate, "utf-8")
    (folder / "models/marts").mkdir()
    with duckdb.connect(str(built.database)) as connection:
        connection.execute("create schema kept")
        for mart in marts:
            (schema,) = connection.execute(
                "select table_schema from information_schema.tables where table_name = ?", [mart]
            ).fetchone()
            connection.execute(f"create table kept.{mart} as from {schema}.{mart}")
            materialized = "view" if mart in published else "ephemeral"
            model = f"{{{{ config(materialized='{materialized}') }}}} select * from kept.{mart}"
            (folder / f"models/marts/{mart}.sql").write_text(model, "utf-8")
    return Workshop(built.folder, folder)


def build_command(version: Any = None, **variables: Any) -> list[str]:
    if version is not None:
        variables["version"] = version
    command = ["dbt", "build", "--exclude-resource-type", "unit_test"]
    return [*command, "--vars", json.dumps(variables)] if variables else command


def _work(
    folder: Path,
    project: Path,
    commands: tuple[list[str], ...],
    before: Callable[[], None] | None,
    environment: Mapping[str, str],
) -> None:
    os.chdir(folder)
    os.environ.update(
        {
            "HARVEST_DATABASE": str(folder / "harvest.duckdb"),
            "HARVEST_TRAINING_SETS": str(folder / "training_sets"),
            **environment,
        }
    )
    if before is not None:
        before()
    with (folder / "outcomes.jsonl").open("w", encoding="utf-8") as outcomes:
        for command in commands:
            output = folder / "output.txt"
            with output.open("w", encoding="utf-8") as file:
                os.dup2(file.fileno(), 1)
                os.dup2(file.fileno(), 2)
                succeeded = _load(command[1:]) if command[0] == "load" else _dbt(command[1:], folder, project)
                sys.stdout.flush()
                sys.stderr.flush()
            outcomes.write(json.dumps({"succeeded": succeeded, "output": output.read_text("utf-8")}) + "\n")
            outcomes.flush()


def _load(arguments: list[str]) -> bool:
    from harvest.loader import load

    load(arguments, database=os.environ["HARVEST_DATABASE"])
    return True


def _dbt(arguments: list[str], folder: Path, project: Path) -> bool:
    from dbt.cli.main import dbtRunner

    places = ["--project-dir", str(project), "--target-path", str(folder / "target")]
    profiles = folder if (folder / "profiles.yml").exists() else project
    places += ["--profiles-dir", str(profiles), "--log-path", str(folder / "logs")]
    return bool(dbtRunner().invoke(["--no-use-colors", *arguments, *places]).success)
