"""A version built again from its exports and its manifest."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from builds import EXAMPLES, ROOT, Workshop
from harvest.cli import main


def reproduce(workshop: Workshop, exports: Path, project: Path = ROOT) -> Result:
    arguments = ["reproduce", "1", "--exports", str(exports), "--project-dir", str(project)]
    return CliRunner().invoke(
        main, arguments, env={"HARVEST_TRAINING_SETS": str(workshop.training_sets.root)}
    )


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """The example exports under other names, and other files beside them."""
    folder = tmp_path / "exports"
    for project in ("a", "b", "c"):
        shutil.copytree(EXAMPLES / project, folder / f"old/{project} of last year")
    file = folder / "old/b of last year/export_all_tasks.json"
    file.rename(file.with_name("renamed.json"))
    (folder / "notes.txt").write_text("not an export", "utf-8")
    return folder


def test_the_same_bytes_again(full: Workshop, exports: Path) -> None:
    result = reproduce(full, exports)
    assert result.exit_code == 0, result.output
    assert "Version 1 was built again, byte for byte the same." in result.output


def test_other_project_settings_are_named(full: Workshop, exports: Path) -> None:
    file = exports / "old/b of last year/project.json"
    settings = json.loads(file.read_text("utf-8"))
    was = settings["maximum_annotations"]
    file.write_text(json.dumps({**settings, "maximum_annotations": 3}), "utf-8")
    result = reproduce(full, exports)
    assert result.exit_code == 1
    assert "Version 1 comes out differently: b," in result.output
    assert f"project.json of b: maximum_annotations {was} → 3" in result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert any(line.startswith("b removed excluded: task_not_labeled") for line in lines), result.output


def test_missing_and_altered_exports_are_named(full: Workshop, exports: Path) -> None:
    shutil.rmtree(exports / "old/a of last year")
    (exports / "old/c of last year/export_all_tasks.json").write_text("[]", "utf-8")
    result = reproduce(full, exports)
    assert result.exit_code == 1
    assert f"2 of 3 exports of version 1 are not in {exports}, or were altered:" in result.output
    assert f"- {EXAMPLES / 'a/export_all_tasks.json'} (project a, SHA-256 " in result.output
    altered = exports / "old/c of last year/export_all_tasks.json"
    assert f": {altered} has its name but other bytes" in result.output


def test_no_project_folder(full: Workshop, exports: Path, tmp_path: Path) -> None:
    result = reproduce(full, exports, tmp_path)
    assert result.exit_code == 1
    assert f"There is no dbt_project.yml in {tmp_path}." in result.output
