"""The README is true: its queries give the output shown, in the shell it names, and it leaves nothing out."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml

from builds import ROOT, Workshop
from harvest.cli import main

README = (ROOT / "README.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(.+?)```\n\n```\n(.+?)```", README, flags=re.DOTALL)
SHELL = Path(sys.executable).with_name("duckdb")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    workshop = Workshop(tmp_path_factory.mktemp("readme"))
    workshop.load()
    outcome = workshop.build()
    assert outcome.succeeded, outcome.output
    return workshop


@pytest.mark.parametrize(("query", "output"), QUERIES)
def test_queries_give_the_output_shown(query: str, output: str, workshop: Workshop) -> None:
    shell = subprocess.run(
        [SHELL, "-readonly", workshop.database, "-c", query], capture_output=True, text=True, check=True
    )
    assert shell.stdout.strip() == output.strip()


def test_there_are_queries() -> None:
    assert len(QUERIES) >= 4


def test_the_shell_is_of_the_library_s_version() -> None:
    shell = subprocess.run([SHELL, "--version"], capture_output=True, text=True, check=True)
    assert duckdb.__version__ in shell.stdout


def test_every_var_is_named_with_its_default() -> None:
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text("utf-8"))
    for name, value in project["vars"].items():
        [default] = re.findall(rf"^\| `{name}` \| `(.+?)` \|", README, flags=re.MULTILINE)
        assert yaml.safe_load(default) == value


def test_every_gate_is_named(workshop: Workshop) -> None:
    with duckdb.connect(str(workshop.database), read_only=True) as connection:
        gates = connection.execute(
            "select table_name from information_schema.tables where table_schema = 'gates'"
        ).fetchall()
    assert gates
    for (gate,) in gates:
        assert f"| `{gate}` |" in README


def test_every_command_is_named() -> None:
    for command in main.commands:
        assert f"harvest {command}" in README


def test_every_verb_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    [phony] = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)
    for verb in phony.split():
        assert re.search(rf"^{verb}:.* ## \w+", makefile, flags=re.MULTILINE)


def test_every_dependency_has_its_reason() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    for requirement in project["dependencies"]:
        name = re.split(r"[<>=]", requirement)[0]
        assert name.removesuffix("-cli").lower() in README.lower()
