"""`harvest quality`: the screen on a small labeling effort, and its errors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from harvest.cli import main
from harvest.loader import load
from quality_exports import write_quality_exports

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["quality", *arguments], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("screen")
    write_quality_exports(folder / "exports")
    load([folder / "exports"], database=folder / "harvest.duckdb")
    for command in (["seed"], ["run", "--exclude", "path:models/publish"]):
        subprocess.run(
            [
                *(Path(sys.executable).with_name("dbt"), "--quiet", *command),
                *("--target-path", folder / "target", "--log-path", folder / "logs"),
            ],
            cwd=ROOT,
            env={**os.environ, "HARVEST_DATABASE": str(folder / "harvest.duckdb")},
            check=True,
        )
    return folder / "harvest.duckdb"


def test_the_screen_tells_everything(database: Path) -> None:
    outcome = run("--database", str(database))
    assert outcome.exit_code == 0, outcome.output
    headings = [
        "Projects",
        "Worst labels",
        "Widest changes of label, in frames",
        "Annotators",
        "Most corrected predictions",
        "What to do next",
    ]
    positions = [outcome.output.index(heading) for heading in headings]
    assert positions == sorted(positions)
    assert "krippendorff_alpha  0.67" in outcome.output
    assert "hands-1" in outcome.output


def test_the_screen_says_what_to_do(database: Path) -> None:
    output = run("--database", str(database)).output
    todo = output[output.index("What to do next") :]
    assert "have 373 more frames reviewed by a second person: 12 of 385" in todo
    assert "go through the instructions together: krippendorff_alpha is 0.67, below 0.70" in todo
    assert "there is too little to say anything" in todo


def test_without_a_database() -> None:
    outcome = run("--database", "nowhere.duckdb")
    assert outcome.exit_code == 1
    assert (
        "nowhere.duckdb: no such database. Run `harvest load PATH…` first, then `dbt build`."
        in outcome.output
    )


def test_before_the_first_build(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / "empty.duckdb")).close()
    outcome = run("--database", str(tmp_path / "empty.duckdb"))
    assert outcome.exit_code == 1
    assert "nothing is built yet. Run `dbt build` first." in outcome.output


def test_of_a_version_that_does_not_exist(tmp_path: Path) -> None:
    outcome = run("3", "--training-sets", str(tmp_path))
    assert outcome.exit_code != 0
    assert "There is no version 3" in str(outcome.output) + str(outcome.exception)
