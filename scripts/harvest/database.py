"""Opening the DuckDB file, with errors that say what to do."""

import os
import re

import duckdb

from harvest.errors import HarvestError


def connect(database: str | os.PathLike[str], *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Open `database`, UTC as time zone. Raises HarvestError when it is locked or cannot be opened."""
    path = os.fspath(database)
    try:
        connection = duckdb.connect(path, read_only=read_only)
    except duckdb.Error as error:
        raise HarvestError(_explain(path, str(error))) from error
    connection.execute("set TimeZone = 'UTC'")
    return connection


def _explain(path: str, message: str) -> str:
    if held := re.search(r"Conflicting lock is held in (.+?) \(PID (\d+)\)", message):
        program = os.path.basename(held[1])
        return (
            f"{path} is open in another program: {program}, PID {held[2]}. Quit it and try again; "
            "a shell that only looks shuts others out too, even with -readonly."
        )
    if "lock" in message.lower():
        return f"{path} is open in another program. Quit it and try again."
    if "not a valid DuckDB database" in message:
        return f"{path} is no DuckDB database. Name another file with --database or HARVEST_DATABASE."
    return (
        f"{path} cannot be opened: {message.splitlines()[0]} "
        "Check the folder and its permissions, or name another file with --database or HARVEST_DATABASE."
    )
