"""A published version built again from its exports and its recorded settings, in a temporary place."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import yaml

from harvest.errors import HarvestError
from harvest.layout import TrainingSets, Version, sha256_of
from harvest.loader import load
from harvest.versions.compare import Comparison, changed_values, compare, described


@dataclass(frozen=True)
class Reproduction:
    """A version and its rebuild.

    Attributes:
        original: The published version.
        rebuilt: What was built from its exports and settings; its files are gone after `reproduced`.
        comparison: From the original to the rebuild.
    """

    original: Version
    rebuilt: Version
    comparison: Comparison

    @property
    def differing_files(self) -> list[str]:
        """Paths, relative to the version, of the files whose bytes differ."""
        rebuilt = {file.path: file.sha256 for file in self.rebuilt.files()}
        return [file.path for file in self.original.files() if rebuilt.get(file.path) != file.sha256]

    @property
    def differing_contents(self) -> list[str]:
        """Names of the sets and tables with other rows."""
        return [
            name
            for name, entry in self.original.entries.items()
            if entry["fingerprint"] != self.rebuilt.entries.get(name, {}).get("fingerprint")
        ]

    @property
    def differing_settings(self) -> list[str]:
        """What the project.json beside an export says differently: `a maximum_annotations 2 → 1`."""
        rebuilt = {
            (export["project"], export["sha256"]): export["project_settings"]
            for export in self.rebuilt.manifest["exports"]
        }
        return [
            f"project.json of {export['project']}: {described(changed)}"
            for export in self.original.manifest["exports"]
            if (
                changed := changed_values(
                    export["project_settings"], rebuilt[export["project"], export["sha256"]]
                )
            )
        ]


def find_exports(version: Version, folder: Path) -> dict[str, list[Path]]:
    """The exports of a version among the files of a folder, known by their SHA-256; paths by project.

    Raises:
        HarvestError: An export is missing or was altered; the text names every one.
    """
    wanted = {(export["bytes"], export["sha256"]) for export in version.manifest["exports"]}
    sizes = {size for size, _ in wanted}
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    by_hash: dict[str, Path] = {}
    for path in paths:
        if path.stat().st_size in sizes:
            by_hash.setdefault(sha256_of(path), path)
    found: dict[str, list[Path]] = {}
    problems = []
    for export in version.manifest["exports"]:
        path = by_hash.get(export["sha256"])
        if path is not None:
            found.setdefault(export["project"], []).append(path)
            continue
        problem = f"  - {export['path']} (project {export['project']}, SHA-256 {export['sha256'][:12]}…)"
        if namesake := _namesake(Path(export["path"]), paths):
            problem += f": {namesake} has its name but other bytes"
        problems.append(problem)
    if problems:
        raise HarvestError(
            f"{len(problems)} of {len(version.manifest['exports'])} exports of version {version.number} "
            f"are not in {folder}, or were altered:\n" + "\n".join(problems)
        )
    return found


def _namesake(wanted: Path, paths: Sequence[Path]) -> Path | None:
    """The path of the same name that shares most of its parent folders with the wanted one."""

    def shared_parts(path: Path) -> int:
        pairs = zip(reversed(wanted.parts), reversed(path.parts), strict=False)
        return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

    return max((path for path in paths if path.name == wanted.name), key=shared_parts, default=None)


@contextmanager
def reproduced(version: Version, exports: Path, project_folder: Path) -> Iterator[Reproduction]:
    """Build a version again from its manifest; the rebuild lies in a temporary folder while this runs.

    Args:
        version: The version to build again.
        exports: Folder with its exports, under any names.
        project_folder: Folder of dbt_project.yml and profiles.yml.

    Raises:
        HarvestError: An export is missing or altered, or the build fails.
    """
    if not (project_folder / "dbt_project.yml").is_file():
        raise HarvestError(
            f"There is no dbt_project.yml in {project_folder.absolute()}. "
            "Run this in the project's folder, or name it with --project-dir."
        )
    found = find_exports(version, exports)
    with tempfile.TemporaryDirectory(prefix="harvest-reproduce-") as temporary:
        place = Path(temporary)
        database = place / "harvest.duckdb"
        load([], projects=found, database=database)
        _build(version, place, database, project_folder)
        rebuilt = TrainingSets(place / "training_sets").version(version.number)
        yield Reproduction(version, rebuilt, compare(version, rebuilt))


def _build(version: Version, place: Path, database: Path, project_folder: Path) -> None:
    variables = {**version.manifest["vars"], "version": version.number}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "build"),
            *("--exclude-resource-type", "unit_test"),  # they prove the code, with vars of their own
            *("--project-dir", project_folder.absolute(), "--profiles-dir", project_folder.absolute()),
            *("--target-path", place / "target", "--log-path", place / "logs"),
            # YAML and not JSON: dbt reads 1e-07 as a text, 1.0e-07 as a number
            *("--vars", yaml.safe_dump(variables, default_flow_style=True, width=float("inf"))),
        ],
        cwd=project_folder,
        env={
            **os.environ,
            "HARVEST_DATABASE": str(database),
            "HARVEST_TRAINING_SETS": str(place / "training_sets"),
        },
        capture_output=True,
        text=True,
    )
    if not TrainingSets(place / "training_sets").exists(version.number):
        end = "\n".join(done.stdout.splitlines()[-30:])
        raise HarvestError(f"Version {version.number} could not be built again. dbt says:\n{end}")
