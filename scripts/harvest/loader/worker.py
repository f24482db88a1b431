"""Threads that work on batch after batch while the next ones are read."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

import duckdb


class Worker:
    """Runs jobs on a connection in order, in a thread of its own, at most one ahead of the caller.

    A job's error is raised by the next `submit` or by `wait`. Leaving the context stops a running statement.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        self._connection = connection
        self._executor = ThreadPoolExecutor(1, name)
        self._running: Future[None] | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job` after the one before it, which is waited for."""
        self.wait()
        self._running = self._executor.submit(job)

    def wait(self) -> None:
        running, self._running = self._running, None
        if running:
            try:
                running.result()
            except BaseException:
                self._running = running
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._running and not self._running.done():
            self._connection.interrupt()
            self._executor.shutdown(wait=False)
            try:
                self._running.exception(timeout=0.05)
            except TimeoutError:
                continue
        self._executor.shutdown()
