"""What a pull asks of a Label Studio server, through the official SDK. No other module imports the SDK.

The token goes to the given address and nowhere else: no redirect is followed. No text of an error holds it.
"""

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from label_studio_sdk.base_client import LabelStudioBase
from label_studio_sdk.core.api_error import ApiError

from harvest.errors import HarvestError

SECONDS_TO_CONNECT = 10
SECONDS_TO_ANSWER = 120
SECONDS_TO_MAKE = 15
"""A community server answers only once a snapshot is made; after this long it is looked after instead."""

CHUNK_BYTES = 2**18

EVERYTHING = {
    "drafts": {"only_id": False},
    "predictions": {"only_id": False},
    "annotations__completed_by": {"only_id": False},
    "include_annotation_history": False,
    "interpolate_key_frames": False,
}
"""How a snapshot writes tasks. It has no filters: skipped tasks and tasks without an annotation are in it."""

GATEWAY_TIMEOUTS = (502, 504)
STATUSES = ("created", "in_progress", "completed", "failed")


class ConnectionLostError(HarvestError):
    """The server cannot be reached or stopped answering; asking again may help."""


@dataclass(frozen=True)
class Snapshot:
    """An export snapshot as the server describes it.

    Attributes:
        number: Its number on the server.
        title: Its title.
        status: One of STATUSES.
        md5: Of its bytes, as hex digits; None while it is made.
        tasks: Tasks in it; None while it is made.
    """

    number: int
    title: str
    status: str
    md5: str | None
    tasks: int | None

    @classmethod
    def of(cls, export: Any) -> Self:
        """Read the SDK's description, which it does not check. Raises ValueError when it is none."""
        number, status = getattr(export, "id", None), getattr(export, "status", None)
        if not isinstance(number, int) or status not in STATUSES:
            raise ValueError(export)
        counters = export.counters if isinstance(export.counters, dict) else {}
        return cls(number, export.title or "", status, export.md5 or None, counters.get("task_number"))

    @property
    def is_complete(self) -> bool:
        return self.status == "completed"

    @property
    def has_failed(self) -> bool:
        return self.status == "failed"


@dataclass(frozen=True)
class Download:
    """A download at work: the byte it starts at, the size of the whole if known, and the bytes."""

    start: int
    total: int | None
    chunks: Iterator[bytes]


@contextmanager
def label_studio(url: str, token: str) -> Iterator["Server"]:
    """The server at `url`. Raises HarvestError for a token that cannot be one."""
    timeout = httpx.Timeout(SECONDS_TO_ANSWER, connect=SECONDS_TO_CONNECT)
    with httpx.Client(follow_redirects=False, timeout=timeout) as http:
        yield Server(url, token, http)


class Server:
    """A Label Studio server. Every method raises HarvestError, saying what to do, when it is refused."""

    def __init__(self, url: str, token: str, http: httpx.Client) -> None:
        self.url = url
        self._token = token
        with self._explained():
            # The full client imports pandas, NLTK and OpenCV, 2 seconds of CPU, for what a pull does not do.
            # Personal access tokens are exchanged at an address relative to the base: it needs the slash.
            self._client = LabelStudioBase(base_url=f"{url}/", api_key=token, httpx_client=http)
            self._exports = self._client.projects.exports

    def settings(self, project: int) -> bytes:
        """The project's settings, as the server wrote them."""
        with self._explained(project):
            content = self._client.projects.with_raw_response.get(project).response.content
        try:
            is_of_project = json.loads(content)["id"] == project
        except (ValueError, TypeError, KeyError):
            is_of_project = False
        if not is_of_project:
            raise self._no_label_studio()
        return content

    def make_snapshot(self, project: int, title: str) -> Snapshot | None:
        """Ask for a snapshot with everything expanded; None when the server has not answered yet."""
        with self._explained(project):
            try:
                export = self._exports.create(
                    project,
                    title=title,
                    serialization_options=EVERYTHING,
                    request_options={"timeout": SECONDS_TO_MAKE, "max_retries": 0},
                )
            except (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError):
                return None
            except ApiError as error:
                if error.status_code in GATEWAY_TIMEOUTS:
                    return None
                raise
            return Snapshot.of(export)

    def snapshot(self, project: int, number: int) -> Snapshot:
        """How far a snapshot is."""
        with self._explained(project):
            try:
                return Snapshot.of(self._exports.get(project, number))
            except ApiError as error:
                if error.status_code != 404:
                    raise
        raise HarvestError(
            f"Snapshot {number} of project {project} is no longer at {self.url}. Run the same command again "
            "for a new one."
        )

    def snapshot_titled(self, project: int, title: str) -> Snapshot | None:
        """The snapshot with this title, None when there is none among the latest hundred."""
        with self._explained(project):
            snapshots = [Snapshot.of(export) for export in self._exports.list(project)]
        return next((snapshot for snapshot in snapshots if snapshot.title == title), None)

    def snapshot_after_timeout(self, project: int, title: str) -> Snapshot:
        """The snapshot that was asked for without an answer."""
        snapshot = self.snapshot_titled(project, title)
        if snapshot is None:
            raise ConnectionLostError(
                f"{self.url} did not take up the snapshot of project {project}. Try again when it is "
                "less busy."
            )
        return snapshot

    @contextmanager
    def download(self, project: int, number: int, offset: int) -> Iterator[Download]:
        """A snapshot's bytes from `offset` on, or from the start where the server knows no ranges."""
        with self._explained(project), ExitStack() as stack:
            try:
                answer = stack.enter_context(self._answer(project, number, offset))
            except ApiError as error:
                if error.status_code in (404, 500):
                    raise HarvestError(
                        f"{self.url} no longer has the bytes of snapshot {number} of project {project} "
                        f"(status {error.status_code}). Have a new one made with --fresh."
                    ) from None
                if error.status_code != httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                    raise
                answer = stack.enter_context(self._answer(project, number, 0))
            headers = {name.lower(): value for name, value in answer.headers.items()}
            if ranged := re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("content-range", "")):
                start, total = int(ranged[1]), int(ranged[2])
            else:
                start, total = 0, _content_length(headers)
            yield Download(start, total, answer.data)

    def _answer(self, project: int, number: int, offset: int) -> Any:
        # With a range, even of everything, the server says how long the file is; without, it does not.
        return self._exports.with_raw_response.download(
            project,
            number,
            request_options={
                "additional_headers": {"Range": f"bytes={offset}-", "Accept-Encoding": "identity"},
                "chunk_size": CHUNK_BYTES,
            },
        )

    @contextmanager
    def _explained(self, project: int | None = None) -> Iterator[None]:
        """Turn what the SDK raises into one sentence."""
        try:
            yield
        except ApiError as error:
            raise self._refusal(error, project) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            reason = str(error).replace(self._token, "…") or type(error).__name__
            raise ConnectionLostError(
                f"{self.url} cannot be reached: {reason.rstrip('.')}. Check --url, and that the "
                "server is running."
            ) from None
        except ValueError:
            raise self._no_label_studio() from None

    def _refusal(self, error: ApiError, project: int | None) -> HarvestError:
        status = error.status_code
        location = next(
            (value for name, value in (error.headers or {}).items() if name.lower() == "location"), None
        )
        if location is not None:
            parts = urlsplit(location)
            place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else parts.path
            return HarvestError(
                f"{self.url} redirects to {place}, and the token is sent to no other address than --url: say "
                "the one the server really has."
            )
        words = error.body.get("detail") if isinstance(error.body, dict) else None
        said = f' ("{str(words).replace(self._token, "…")[:200].rstrip(".")}")' if words else ""
        if status == 401:
            return HarvestError(
                f"{self.url} refuses the token in LABEL_STUDIO_API_KEY{said}. Copy it again from Label "
                "Studio's Account & Settings."
            )
        if words is None and status in (None, 200, 404, 405):
            return self._no_label_studio()
        if status in (403, 404) and project is not None:
            return HarvestError(
                f"{self.url} has no project {project}, or this token may not see it{said}. The number is in "
                "the address of the project's page."
            )
        return HarvestError(f"{self.url} answers with status {status}{said}. Its own log says why.")

    def _no_label_studio(self) -> HarvestError:
        return HarvestError(f"{self.url} does not answer like Label Studio. Check --url.")


def _content_length(headers: dict[str, str]) -> int | None:
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and "content-encoding" not in headers else None
