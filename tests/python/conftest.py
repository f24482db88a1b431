"""Workshops that several test files build on; see builds.py."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from builds import EXAMPLES, Workshop, build_command, lean_project

SLOW_FILES = ("test_publish_crashes", "test_versions_reproduce", "test_publish")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files first, so that no core waits for them in the end."""
    items.sort(
        key=lambda item: SLOW_FILES.index(item.path.stem) if item.path.stem in SLOW_FILES else len(SLOW_FILES)
    )


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """The whole project, the example exports loaded, and version 1 published. Tests leave it as it is."""
    workshop = Workshop(tmp_path_factory.mktemp("full"))
    outcome = workshop.run(["load", str(EXAMPLES)], build_command(1))[-1]
    assert outcome.succeeded, outcome.output
    return workshop


@pytest.fixture(scope="session")
def lean(full: Workshop, tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A lean project, built once without a version; nothing is published. Tests leave it as it is."""
    workshop = full.copy_to(tmp_path_factory.mktemp("lean"))
    shutil.rmtree(workshop.folder / "target")
    workshop = lean_project(workshop, tmp_path_factory.mktemp("lean-project"))
    outcome = workshop.build()
    assert outcome.succeeded, outcome.output
    return workshop


@pytest.fixture
def workshop(lean: Workshop, tmp_path: Path) -> Workshop:
    """A copy of the lean workshop, to do something to."""
    return lean.copy_to(tmp_path / "workshop")
