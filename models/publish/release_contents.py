"""What the run would publish: row count, fingerprint and columns of every set and table, one row each."""

import pyarrow

from harvest.publishing import Request, contents

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
    dbt.ref("release_gate")
    request = Request.from_row(dbt.ref("release_request"))
    relations = {
        "a": dbt.ref("training_set_a"),
        "b": dbt.ref("training_set_b"),
        "c": dbt.ref("training_set_c"),
        "annotation_lineage": dbt.ref("annotation_lineage"),
        "frame_reviews": dbt.ref("frame_reviews"),
        "rejected_regions": dbt.ref("rejected_regions"),
    }
    return pyarrow.Table.from_pylist(contents(request, relations), schema=SCHEMA)
