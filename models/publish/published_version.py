"""The moment a version comes to exist: its manifest is written, then one rename."""

import pyarrow

from harvest.publishing import Request, commit, rows_of

SCHEMA = pyarrow.schema(
    [
        ("version", pyarrow.int64()),
        ("status", pyarrow.string()),
        ("folder", pyarrow.string()),
        ("message", pyarrow.string()),
        ("problem", pyarrow.string()),
    ]
)


def model(dbt, session):
    """Return the row of `harvest.publishing.commit`."""
    request = dbt.ref("release_request")
    facts = dbt.ref("release_facts")
    contents = dbt.ref("release_contents")
    files = dbt.ref("exported_files")
    outcome = commit(Request.from_row(request), rows_of(facts)[0], rows_of(contents), rows_of(files))
    return pyarrow.Table.from_pylist([outcome], schema=SCHEMA)
