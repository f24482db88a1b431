"""Which files are exports, and which project each belongs to."""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from harvest.errors import HarvestError

PROJECTS = ("a", "b", "c")

EXPORT_NAME = re.compile(r"(?is)(.*\.(json|jsonl|ndjson)|\d+)(\.(gz|zst))?")
TABLE_NAME = re.compile(r"(?is).*\.(csv|tsv)(\.(gz|zst))?")
SETTINGS_NAME = "project.json"


@dataclass(frozen=True)
class ExportFile:
    """One file to load: its path as the user gave it, and its project (`a`, `b` or `c`)."""

    path: str
    project: str


def find_exports(
    paths: Iterable[str | os.PathLike[str]],
    projects: Mapping[str, Iterable[str | os.PathLike[str]]] | None = None,
) -> list[ExportFile]:
    """List the exports under `paths`, sorted by path, each file once.

    Folders are searched to any depth for JSON files and for files named by a number alone, which is how
    Label Studio's target storage names them; a file that is named outright is taken whatever its name.
    `projects` maps a project to files and folders that belong to it; these are loaded too.
    Raises HarvestError when a path does not exist, nothing is found, or a file's project is unknown.
    """
    chosen: dict[str, str] = {}
    for project, places in (projects or {}).items():
        if project not in PROJECTS:
            raise HarvestError(
                f"Unknown project {project!r}: a project is a, b or c, as in --project a=PATH."
            )
        for place in places:
            chosen[os.path.realpath(place)] = project
    named = [os.fspath(path) for path in paths]
    named += [os.fspath(place) for places in (projects or {}).values() for place in places]
    if not named:
        raise HarvestError("No exports named. Name files or folders: harvest load exports/")

    found: dict[str, str] = {}
    tables: list[str] = []
    for name in named:
        for path in _files(name):
            if TABLE_NAME.fullmatch(os.path.basename(path)):
                tables.append(path)
            else:
                found.setdefault(os.path.realpath(path), path)
    if tables:
        raise HarvestError(
            f"{sorted(tables)[0]} is a table (CSV or TSV): it has lost the ids, skips and drafts that decide "
            "what is ground truth. In Label Studio choose Export > JSON; if it is no export, move it away."
        )
    if not found:
        raise HarvestError(
            f"No exports found under {', '.join(named)}. An export is a .json, .jsonl, .json.gz or .json.zst "
            "file from Label Studio's Export > JSON."
        )
    return [ExportFile(path, _project_of(path, chosen)) for path in sorted(found.values())]


def _files(name: str) -> Iterator[str]:
    """The file itself, or every file under a folder that looks like an export or a table."""
    if os.path.isfile(name):
        yield name
        return
    if not os.path.isdir(name):
        what = "is no regular file" if os.path.lexists(name) else "does not exist"
        raise HarvestError(f"{name} {what}. Name export files or folders that hold them.")
    seen = set()
    for folder, subfolders, names in os.walk(name, followlinks=True, onerror=_unreadable):
        seen.add(os.path.realpath(folder))
        subfolders[:] = sorted(
            sub
            for sub in subfolders
            if not sub.startswith(".") and os.path.realpath(os.path.join(folder, sub)) not in seen
        )
        for entry in sorted(names):
            path = os.path.join(folder, entry)
            if entry == SETTINGS_NAME or entry.startswith(".") or not os.path.isfile(path):
                continue
            if EXPORT_NAME.fullmatch(entry) or TABLE_NAME.fullmatch(entry):
                yield path


def _unreadable(error: OSError) -> None:
    raise HarvestError(f"{error.filename} cannot be read: {error.strerror}.")


def _project_of(path: str, chosen: Mapping[str, str]) -> str:
    if chosen:
        real = Path(os.path.realpath(path))
        for place in (real, *real.parents):
            if str(place) in chosen:
                return chosen[str(place)]
    if by_folder := _project_of_folder(os.path.dirname(os.path.abspath(path))):
        return by_folder
    if by_name := re.match(r"project_([abc])", os.path.basename(path)):
        return by_name[1]
    raise HarvestError(
        f"{path}: which project is it of? Say --project a={path} (or b, c), put it in a folder named a, b or "
        "c, or start its name with project_a, project_b or project_c."
    )


@cache
def _project_of_folder(folder: str) -> str | None:
    return next(
        (place.name for place in (Path(folder), *Path(folder).parents) if place.name in PROJECTS), None
    )
