"""Exports straight from a Label Studio server: a snapshot with everything in it, and its project's settings.

Of each project the folder `exports/LETTER/NUMBER/` holds one snapshot and `project.json`, ready for
`harvest load`. A pull that was interrupted goes on where it stopped: with the snapshot it had asked for, and
with the bytes it already has. This module needs no SDK until a pull begins.
"""

import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from harvest.errors import HarvestError
from harvest.pull.folder import Asked, PullFolder
from harvest.pull.progress import Display, Step, size

if TYPE_CHECKING:
    from harvest.pull.server import Server, Snapshot

TOKEN_VARIABLE = "LABEL_STUDIO_API_KEY"

RESUMABLE = timedelta(hours=12)
"""An interrupted pull is continued this long; people go on labelling, so an older snapshot is made anew."""

Answer = TypeVar("Answer")

SECONDS_BETWEEN_LOOKS = 2
SECONDS_BETWEEN_TRIES = 3
TRIES = 4


@dataclass(frozen=True)
class Wanted:
    """One project to pull: the letter (`a`, `b`, `c`) it belongs to, and its number in Label Studio."""

    letter: str
    project: int


@dataclass(frozen=True)
class Pulled:
    """What was pulled of one project.

    Attributes:
        wanted: The project.
        snapshot: Number of the snapshot in Label Studio.
        tasks: Tasks in it, None when the server does not say.
        bytes: Size of the file.
        path: The export.
    """

    wanted: Wanted
    snapshot: int
    tasks: int | None
    bytes: int
    path: Path

    def __str__(self) -> str:
        tasks = "" if self.tasks is None else f"{self.tasks:,} task{'s' * (self.tasks != 1)}, "
        return (
            f"{self.wanted.letter}: project {self.wanted.project}, snapshot {self.snapshot}, {tasks}"
            f"{size(self.bytes)} in {self.path}"
        )


def wanted_project(text: str) -> Wanted:
    """Read `a=7`. Raises HarvestError when it is written otherwise."""
    match = re.fullmatch(r"([abc])=([1-9][0-9]{0,17})", text, flags=re.ASCII)
    if match is None:
        raise HarvestError(
            f"--project {text}: write it as --project a=7 (or b=7, c=7), where 7 is the number in the "
            "address of the project's page."
        )
    return Wanted(match[1], int(match[2]))


def server_address(url: str) -> str:
    """`url` without a slash at its end.

    Raises:
        HarvestError: It is no address of a server, or carries a secret; the text does not repeat it then.
    """
    try:
        parts = urlsplit(url.strip())
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https"):
        raise HarvestError(
            "--url is the address of a Label Studio server, such as https://label-studio.example.com."
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise HarvestError(
            "--url must hold no user, password, token or query: say the server's address alone, and put the "
            f"token into the environment variable {TOKEN_VARIABLE}."
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def token_from_environment() -> str:
    """The token in LABEL_STUDIO_API_KEY. Raises HarvestError, without its text, when there is none."""
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if not token:
        raise HarvestError(
            f"No token: put yours, from Label Studio's Account & Settings, into the environment variable "
            f"{TOKEN_VARIABLE}."
        )
    if not re.fullmatch(r"[!-~]+", token):
        raise HarvestError(
            f"{TOKEN_VARIABLE} holds no token: a token has no blanks, line breaks or other such characters. "
            "Copy it again from Label Studio's Account & Settings."
        )
    return token


def pull(
    url: str, wanted: Sequence[Wanted], *, exports: Path, display: Display, fresh: bool = False
) -> Iterator[Pulled]:
    """Pull the projects one after the other, each into its folder below `exports`.

    Args:
        url: Address of the server.
        wanted: The projects; one named twice is pulled once.
        exports: Folder of all exports, made if need be.
        display: Is told how far a pull is.
        fresh: Make new snapshots, even where an earlier pull was interrupted.

    Raises:
        HarvestError: As its text says; what was pulled before stays.
    """
    address = server_address(url)
    token = token_from_environment()
    try:
        from harvest.pull.server import label_studio
    except ModuleNotFoundError as error:
        raise HarvestError(
            f"harvest pull needs the official label-studio-sdk ({error.name} is not installed): "
            "pip install -e '.[pull]' in the folder of label-harvest."
        ) from None
    with label_studio(address, token) as server:
        for each in dict.fromkeys(wanted):
            settings = server.settings(each.project)
            folder = PullFolder(exports / each.letter / str(each.project), address, each.project)
            with folder.locked():
                snapshot = _pull_snapshot(server, folder, display, fresh=fresh)
                path = folder.publish(snapshot.number, settings)
            yield Pulled(each, snapshot.number, snapshot.tasks, path.stat().st_size, path)


def _pull_snapshot(server: "Server", folder: PullFolder, display: Display, *, fresh: bool) -> "Snapshot":
    """Have a snapshot made and download it; the first of it may have been done by an interrupted pull."""
    snapshot = None if fresh else _interrupted(server, folder, display)
    if snapshot is None:
        snapshot = _asked_for(server, folder, display)
    snapshot = _made(server, snapshot, folder, display)
    _download(server, snapshot, folder, display)
    return snapshot


def _interrupted(server: "Server", folder: PullFolder, display: Display) -> "Snapshot | None":
    """The snapshot that an interrupted pull asked for, if it can still be used."""
    asked = folder.asked()
    if asked is None or asked.is_done or datetime.now(UTC) - asked.at > RESUMABLE:
        return None
    snapshot = server.snapshot_titled(folder.project, asked.title)
    if snapshot is None or snapshot.has_failed:
        return None
    display.say(
        f"Continuing with snapshot {snapshot.number} of project {folder.project}, asked for at "
        f"{asked.at:%Y-%m-%d %H:%M} UTC."
    )
    return snapshot


def _asked_for(server: "Server", folder: PullFolder, display: Display) -> "Snapshot":
    """A new snapshot. That it was asked for is written down first, so that no interruption loses it."""
    asked = Asked.now()
    folder.remember(asked)
    display.show(Step(folder.project, "snapshot"))
    snapshot = server.make_snapshot(folder.project, asked.title)
    return snapshot or _patiently(lambda: server.snapshot_after_timeout(folder.project, asked.title))


def _made(server: "Server", snapshot: "Snapshot", folder: PullFolder, display: Display) -> "Snapshot":
    """The snapshot once Label Studio has made it."""
    while not snapshot.is_complete:
        if snapshot.has_failed:
            raise HarvestError(
                f"Label Studio failed to make snapshot {snapshot.number} of project {folder.project}; its "
                "own log says why. Run the same command again for a new one."
            )
        display.show(Step(folder.project, "snapshot"))
        time.sleep(SECONDS_BETWEEN_LOOKS)
        number = snapshot.number
        snapshot = _patiently(lambda number=number: server.snapshot(folder.project, number))
    return snapshot


def _download(server: "Server", snapshot: "Snapshot", folder: PullFolder, display: Display) -> None:
    """Bring the whole snapshot into the folder's partial file, whatever is there already."""
    for is_last in (False, True):
        if not folder.is_whole(snapshot.number, snapshot.md5):
            _fetch_rest(server, snapshot, folder, display)
        if folder.is_whole(snapshot.number, snapshot.md5):
            return
        folder.discard(snapshot.number)
        if not is_last:
            display.say(f"Snapshot {snapshot.number} arrived damaged and is downloaded again.")
    raise HarvestError(
        f"Snapshot {snapshot.number} of project {folder.project} arrived damaged twice: its bytes are not "
        "those Label Studio wrote. Look for a proxy that alters downloads, or try again with --fresh."
    )


def _fetch_rest(server: "Server", snapshot: "Snapshot", folder: PullFolder, display: Display) -> None:
    """Download what the partial file lacks; a connection that breaks is taken up again."""
    from harvest.pull.server import ConnectionLostError

    fruitless = 0
    while True:
        before = folder.bytes_of(snapshot.number)
        try:
            with server.download(folder.project, snapshot.number, before) as download:
                if before and download.start == before:
                    display.say(f"Continuing the download at {size(before)}.")
                for here in folder.append(snapshot.number, download.start, download.chunks):
                    display.show(Step(folder.project, "download", here, download.total))
                if download.total is None or folder.bytes_of(snapshot.number) >= download.total:
                    return
                raise ConnectionLostError(f"{server.url} ended the download early.")
        except ConnectionLostError as error:
            fruitless = 0 if folder.bytes_of(snapshot.number) > before else fruitless + 1
            if fruitless == TRIES:
                raise HarvestError(f"{error} Run the same command again to continue.") from None
            time.sleep(SECONDS_BETWEEN_TRIES)


def _patiently(ask: Callable[[], Answer]) -> Answer:
    """What `ask` answers, although the connection may break now and then."""
    from harvest.pull.server import ConnectionLostError

    for _ in range(TRIES - 1):
        try:
            return ask()
        except ConnectionLostError:
            time.sleep(SECONDS_BETWEEN_TRIES)
    return ask()
