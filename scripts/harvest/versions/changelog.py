"""CHANGELOG.md of a folder of training sets: one section per published version, newest first."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
from pathlib import Path

import duckdb

from harvest.errors import HarvestError
from harvest.layout import MANIFEST_NAME, SETS, TrainingSets, Version
from harvest.versions.compare import Comparison, compare, described

_HEADING = re.compile(r"^## Version ([1-9][0-9]*) — (\S+)$", re.MULTILINE)
_TITLE = "# Training sets\n"


def update_changelog(training_sets: TrainingSets) -> None:
    """Give every published version its section.

    Sections that are there stay as they are, those of folders that were removed too. A number that was
    published again, after its folder was removed, gets a new section.

    Raises:
        OSError: The file cannot be written; what was there stays.
    """
    descriptor = os.open(training_sets.root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        sections = _sections(training_sets.changelog)
        for version in training_sets:
            heading = _heading(version)
            if not sections.get(version.number, "").startswith(heading + "\n"):
                sections[version.number] = section(training_sets, version)
        text = "\n".join([_TITLE, *(sections[number] for number in sorted(sections, reverse=True))])
        if not training_sets.changelog.exists() or training_sets.changelog.read_text("utf-8") != text:
            _replace(training_sets.changelog, text)
    finally:
        os.close(descriptor)


def section(training_sets: TrainingSets, version: Version) -> str:
    """The section of one version: what it holds, what it was built from, what changed since its parent."""
    lines = [
        _heading(version),
        "",
        f"- Rows: {rows_text(version)}",
        *(f"- Frames of {name}: {tiers}" for name in SETS if (tiers := tiers_text(version, name))),
        f"- Exports: {exports_text(version)}",
        f"- Code: {code_text(version)}",
        f"- Manifest SHA-256: {hashlib.sha256((version.folder / MANIFEST_NAME).read_bytes()).hexdigest()}",
        "",
    ]
    parent = version.manifest["parent_version"]
    if parent is None:
        return "\n".join([*lines, "The first version.", ""])
    try:
        comparison = compare(training_sets.version(parent), version)
    except (HarvestError, duckdb.Error) as error:
        return "\n".join([*lines, f"Not compared with version {parent}: {str(error).splitlines()[0]}", ""])
    return "\n".join([*lines, *_changes(comparison), ""])


def rows_text(version: Version) -> str:
    """Rows of every set: `a 1,252, b 12, c 11`."""
    return ", ".join(f"{name} {version.entry(name)['rows']:,}" for name in SETS)


def tiers_text(version: Version, name: str) -> str:
    """Frames of a set per quality tier, best first: `5 hi, 2 med, 1 lo, 4 single`."""
    tiers = version.entry(name).get("frames_per_tier", {})
    return ", ".join(f"{tiers[tier]:,} {tier}" for tier in ("hi", "med", "lo", "single") if tier in tiers)


def exports_text(version: Version) -> str:
    """Exports a version was built from: `3 files, 84 tasks`."""
    exports = version.manifest["exports"]
    tasks = sum(export["tasks"] for export in exports)
    return f"{len(exports):,} file{'s'[: len(exports) != 1]}, {tasks:,} task{'s'[: tasks != 1]}"


def code_text(version: Version) -> str:
    """The code that built a version: `0.1.0, commit 852f25c, modified`."""
    code = version.manifest["code"]
    parts = [code["package_version"]]
    if code["git_commit"]:
        parts.append(f"commit {code['git_commit'][:7]}")
    if code["git_dirty"]:
        parts.append("modified")
    return ", ".join(parts)


def _changes(comparison: Comparison) -> list[str]:
    lines = [f"Compared with version {comparison.old.number}:", ""]
    if comparison.settings:
        lines.append(f"- Settings: {described(comparison.settings)}")
    if comparison.code:
        lines.append(f"- Code: {described(comparison.code)}")
    if comparison.exports:
        lines.append(
            "- Exports: "
            + ", ".join(f"{sign} {project} {path}" for sign, project, path in comparison.exports)
        )
    causes = comparison.relation("changes_by_cause").fetchall()
    if not causes:
        return [*lines, "- The training sets are the same."]
    if lines[-1]:
        lines.append("")
    lines += ["| set | change | cause | rows | episodes |", "|---|---|---|---:|---:|"]
    lines += [
        f"| {name} | {change} | {cause} | {rows:,} | {episodes:,} |"
        for name, change, cause, rows, episodes in causes
    ]
    return lines


def _heading(version: Version) -> str:
    return f"## Version {version.number} — {version.manifest['created_at']}"


def _sections(changelog: Path) -> dict[int, str]:
    if not changelog.exists():
        return {}
    text = changelog.read_text("utf-8")
    headings = list(_HEADING.finditer(text))
    ends = [heading.start() for heading in headings[1:]] + [len(text)]
    return {
        int(heading[1]): text[heading.start() : end].rstrip("\n") + "\n"
        for heading, end in zip(headings, ends, strict=True)
    }


def _replace(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old or the new text and nothing between."""
    draft = path.with_name(f".{path.name}.draft")
    with draft.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
