"""A real Label Studio server on loopback, for the time of a test run, and what the tests ask of it."""

import os
import secrets
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

SECONDS_TO_START = 300
SECONDS_TO_STOP = 20

KEYPOINTS = """<View>
  <Image name="img" value="$image"/>
  <KeyPointLabels name="kp" toName="img"><Label value="wrist"/><Label value="thumb_tip"/></KeyPointLabels>
</View>"""
TIMELINE = """<View>
  <Video name="video" value="$video" frameRate="30"/>
  <TimelineLabels name="actions" toName="video"><Label value="grasp"/><Label value="move"/></TimelineLabels>
</View>"""


class Studio:
    """The server: its address, the token of its one administrator, and its API."""

    def __init__(self, url: str, token: str, data: Path) -> None:
        self.url = url
        self.token = token
        self.data = data
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Token {token}"}, timeout=120)

    def get(self, path: str) -> Any:
        return self._answer(self._http.get(path))

    def post(self, path: str, body: object) -> Any:
        return self._answer(self._http.post(path, json=body))

    def delete(self, path: str) -> None:
        self._http.delete(path).raise_for_status()

    def project(self, title: str, label_config: str, tasks: list[dict[str, Any]], **settings: Any) -> int:
        """A new project with these tasks; its number."""
        created = self.post("/api/projects/", {"title": title, "label_config": label_config} | settings)
        self.post(f"/api/projects/{created['id']}/import", tasks)
        return created["id"]

    def tasks(self, project: int) -> list[int]:
        """Ids of the project's tasks, ascending."""
        found = self.get(f"/api/tasks?project={project}&page_size=100")["tasks"]
        return sorted(task["id"] for task in found)

    def snapshots(self, project: int) -> list[dict[str, Any]]:
        """The project's snapshots, the latest first."""
        return self.get(f"/api/projects/{project}/exports/")

    @staticmethod
    def _answer(response: httpx.Response) -> Any:
        assert response.is_success, f"{response.request.url}: {response.status_code} {response.text[:500]}"
        return response.json()


@contextmanager
def running(folder: Path) -> Iterator[Studio]:
    """Start a server that keeps everything below `folder` and calls nobody; it ends with the context."""
    data = folder / "data"
    data.mkdir()
    token = secrets.token_hex(20)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "DJANGO_DB": "sqlite",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }
    command = [
        Path(sys.executable).with_name("label-studio"),
        *("start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)),
        *("--username", "admin@example.com", "--password", secrets.token_hex(8), "--user-token", token),
        "--enable-legacy-api-token",
    ]
    log = folder / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_up(server, url, log)
        yield Studio(url, token, data)
    finally:
        server.terminate()
        try:
            server.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_up(server: subprocess.Popen, url: str, log: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        try:
            if httpx.get(f"{url}/health", timeout=10).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.5)
    raise AssertionError(f"Label Studio did not start: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def cutting_proxy(target: str, *, cuts: int, after_bytes: int) -> Iterator[str]:
    """A proxy before `target`: it breaks the first `cuts` connections that answer more than `after_bytes`."""
    parts = httpx.URL(target)
    left = cuts

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((parts.host, parts.port)) as server:
                asking = threading.Thread(target=self._ask, args=(server,), daemon=True)
                asking.start()
                self._answer(server)

        def _ask(self, server: socket.socket) -> None:
            with suppress(OSError):
                while data := self.request.recv(2**16):
                    server.sendall(data)

        def _answer(self, server: socket.socket) -> None:
            nonlocal left
            answered = 0
            with suppress(OSError):
                while data := server.recv(2**16):
                    self.request.sendall(data)
                    answered += len(data)
                    if answered > after_bytes and left:
                        left -= 1
                        return

    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def redirecting(target: str) -> Iterator[str]:
    """A server that answers every request with a redirect to the same path at `target`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", f"{target}{self.path}")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[int]:
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
