"""What the run would publish: row count, fingerprint and columns of every set and table, one row each."""

import pyarrow

from harvest.publishing import PublishedRelation, Request, contents

SCHEMA = pyarrow.schema(
    [
        ("name", pyarrow.string()),
        ("row_count", pyarrow.int64()),
        ("fingerprint", pyarrow.string()),
        ("column_names", pyarrow.list_(pyarrow.string())),
        ("column_types", pyarrow.list_(pyarrow.string())),
        ("published_row_count", pyarrow.int64()),
        ("published_fingerprint", pyarrow.string()),
        ("target_file", pyarrow.string()),
        ("problem", pyarrow.string()),
    ]
)


def model(dbt, session):
    """Return the rows of `harvest.publishing.contents`."""
    request = dbt.ref("release_request")
    relations = dbt.ref("release_relations")
    rows = contents(Request.from_row(request), PublishedRelation.all_of(relations, session))
    return pyarrow.Table.from_pylist(rows, schema=SCHEMA)
