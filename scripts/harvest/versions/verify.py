"""Whether a published version still is what its manifest says."""

from __future__ import annotations

import duckdb

from harvest.fingerprint import content_of
from harvest.layout import Version


def verify(version: Version) -> list[str]:
    """Check every file: bytes, SHA-256, and what is in it: rows, columns with types, content fingerprint.

    Returns:
        One sentence per finding; none when everything is as it was published.
    """
    findings = version.verify()
    connection = duckdb.connect()
    for name, entry in version.entries.items():
        if sum(file["rows"] for file in entry["files"]) != entry["rows"]:
            findings.append(f"The manifest's rows of {name} are not the sum of its files' rows.")
        try:
            content = content_of(version.relation(name, connection, check=False))
        except (duckdb.Error, TypeError) as error:
            findings.append(f"{name} cannot be read: {str(error).splitlines()[0]}")
            continue
        if content.rows != entry["rows"]:
            findings.append(f"{name} holds {content.rows:,} rows instead of {entry['rows']:,}.")
        if content.columns != tuple((column["name"], column["type"]) for column in entry["columns"]):
            findings.append(f"{name} has other columns or types than its manifest says.")
        elif content.fingerprint != entry["fingerprint"]:
            findings.append(f"{name} has another content than its manifest says (fingerprint).")
    return findings
