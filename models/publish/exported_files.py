"""The written files, read back and compared with the relations they come from, one row per file."""

import pyarrow

from harvest.publishing import Request, exported_files

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
    request = Request.from_row(dbt.ref("release_request"))
    relations = {
        "a": dbt.ref("export_training_set_a"),
        "b": dbt.ref("export_training_set_b"),
        "c": dbt.ref("export_training_set_c"),
        "annotation_lineage": dbt.ref("export_annotation_lineage"),
        "frame_reviews": dbt.ref("export_frame_reviews"),
        "rejected_regions": dbt.ref("export_rejected_regions"),
    }
    return pyarrow.Table.from_pylist(exported_files(request, relations, session), schema=SCHEMA)
