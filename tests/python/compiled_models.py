"""The dbt models, compiled once and run without dbt: what a test needs to build many exports quickly."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from dbt.cli.main import dbtRunner

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class CompiledModels:
    """The models, all but the publishing ones, for one set of vars.

    Attributes:
        statements: `create` statements in the order of dependency.
        relations: Where each model is, by its name.
    """

    statements: list[str]
    relations: dict[str, str]

    def run(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Build every model from what is staged in the connection's database."""
        for statement in self.statements:
            connection.execute(statement)


def compile_models(
    settings: dict[str, Any], database: Path, folder: Path, wanted: Collection[str] | None = None
) -> CompiledModels:
    """Compile the models with some vars.

    Args:
        settings: Vars that differ from their defaults.
        database: A DuckDB file with a load in it; the models can then run in any file of the same name.
        folder: Where dbt may leave its files.
        wanted: Names of the models to build, with all that they need; by default all but those of quality,
            which rest on seeds: of these only what the training sets need.
    """
    arguments = ["--quiet", "--no-partial-parse", "--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    arguments += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HARVEST_DATABASE", str(database))
        outcome = dbtRunner().invoke(
            ["compile", "--exclude", "path:models/publish", *arguments, "--vars", json.dumps(settings)]
        )
    assert outcome.success, outcome.exception or outcome.result
    manifest = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    models = {
        name: node
        for name, node in manifest["nodes"].items()
        if node["resource_type"] == "model" and not node["path"].startswith("publish")
    }
    targets = [
        name
        for name, node in models.items()
        if (not node["path"].startswith("quality") if wanted is None else node["name"] in wanted)
    ]
    names = in_order({name: node["depends_on"]["nodes"] for name, node in models.items()}, targets)
    return CompiledModels(
        statements=[create_statement(models[name]) for name in names],
        relations={models[name]["name"]: models[name]["relation_name"] for name in names},
    )


def create_statement(node: dict[str, Any]) -> str:
    """What dbt would run for a model, without its contract."""
    kind = "view" if node["config"]["materialized"] == "view" else "table"
    return f"create or replace {kind} {node['relation_name']} as\n{node['compiled_code']}"


def in_order(needs: dict[str, list[str]], wanted: list[str]) -> list[str]:
    """The wanted names and all that they need, so that everything comes after what it needs."""
    done: list[str] = []

    def visit(name: str) -> None:
        if name in needs and name not in done:
            for needed in needs[name]:
                visit(needed)
            done.append(name)

    for name in wanted:
        visit(name)
    return done
