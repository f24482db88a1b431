"""The written files, read back and compared with the relations they come from, one row per file."""

import pyarrow

from harvest.publishing import PublishedRelation, Request, exported_files

SCHEMA = pyarrow.schema(
    [
        ("name", pyarrow.string()),
        ("path", pyarrow.string()),
        ("byte_count", pyarrow.int64()),
        ("sha256", pyarrow.string()),
        ("row_count", pyarrow.int64()),
        ("expected_row_count", pyarrow.int64()),
        ("is_same_content", pyarrow.bool_()),
    ]
)


def model(dbt, session):
    """Return the rows of `harvest.publishing.exported_files`; none when nothing is written."""
    dbt.ref("written_files")
    request = dbt.ref("release_request")
    relations = dbt.ref("release_relations")
    rows = exported_files(Request.from_row(request), PublishedRelation.all_of(relations, session), session)
    return pyarrow.Table.from_pylist(rows, schema=SCHEMA)
