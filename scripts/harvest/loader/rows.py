"""Decoded tasks as rows of Arrow tables, one table per staging table; regions stay JSON text."""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate
from typing import ClassVar

import pyarrow as pa
from msgspec import Raw

from harvest.loader.envelope import NULL_TEXT, Annotation, Draft, Prediction, Review, Task, id_of

EXPORTS = pa.schema(
    {
        "export_id": pa.int32(),
        "project": pa.string(),
        "path": pa.string(),
        "sha256": pa.string(),
        "bytes": pa.int64(),
        "task_count": pa.int64(),
        "loaded_task_count": pa.int64(),
        "superseded_task_count": pa.int64(),
        "quarantined_task_count": pa.int64(),
        "maximum_annotations": pa.int32(),
        "overlap_cohort_percentage": pa.float64(),
        "skip_queue": pa.string(),
        "label_config": pa.string(),
        "media_key": pa.string(),
        "frame_rate": pa.string(),
        "loader": pa.string(),
    }
)
CONFIG_LABELS = pa.schema(
    {
        "export_id": pa.int32(),
        "control_name": pa.string(),
        "label": pa.string(),
        "control_type": pa.string(),
    }
)
LOADING_EXPORTS = pa.schema({"export_id": pa.int32(), "path": pa.string()})
TASK_COPIES = pa.schema({"export_id": pa.int32(), "project": pa.string(), "task_id": pa.int64()})
TASKS = pa.schema(
    {
        "task_seq": pa.int64(),
        "project": pa.string(),
        "export_id": pa.int32(),
        "media_pointer": pa.string(),
        "task_id": pa.int64(),
        "updated_at": pa.string(),
        "is_labeled": pa.bool_(),
        "overlap": pa.int32(),
        "total_annotations": pa.int64(),
        "cancelled_annotations": pa.int64(),
        "data": pa.large_string(),
    }
)
ANNOTATIONS = pa.schema(
    {
        "task_seq": pa.int64(),
        "annotation_id": pa.int64(),
        "annotator_id": pa.int64(),
        "created_at": pa.string(),
        "updated_at": pa.string(),
        "was_cancelled": pa.bool_(),
        "result_count": pa.int64(),
        "updated_by": pa.int64(),
        "lead_time_s": pa.float64(),
        "import_id": pa.int64(),
        "last_action": pa.string(),
        "is_review_accepted": pa.bool_(),
        "is_ground_truth_starred": pa.bool_(),
        "parent_prediction_id": pa.int64(),
        "parent_annotation_id": pa.int64(),
        "prediction_state": pa.string(),
        "prediction_id": pa.int64(),
        "prediction_model_version": pa.string(),
        "prediction_score": pa.float64(),
        "result_seq": pa.int64(),
        "prediction_seq": pa.int64(),
    }
)
RESULTS = pa.schema({"task_seq": pa.int64(), "result_seq": pa.int64(), "result": pa.large_string()})
ENVELOPES = pa.schema(
    {"first_task_seq": pa.int64(), "last_task_seq": pa.int64(), "envelope": pa.large_string()}
)
DRAFTS = pa.schema(
    {
        "task_seq": pa.int64(),
        "draft_id": pa.int64(),
        "annotation_id": pa.int64(),
        "created_at": pa.string(),
        "updated_at": pa.string(),
        "is_id_only": pa.bool_(),
    }
)
PREDICTIONS = pa.schema(
    {
        "task_seq": pa.int64(),
        "prediction_id": pa.int64(),
        "model_version": pa.string(),
        "score": pa.float64(),
        "created_at": pa.string(),
        "is_id_only": pa.bool_(),
    }
)
QUARANTINE = pa.schema(
    {
        "export_id": pa.int32(),
        "byte_offset": pa.int64(),
        "byte_length": pa.int64(),
        "task_id": pa.int64(),
        "reason": pa.string(),
        "excerpt": pa.string(),
    }
)


CHUNK_BYTES = 2**21


class Batch:
    """Rows of the tasks added since the batch was made."""

    SCHEMAS: ClassVar[dict[str, pa.Schema]] = {
        "incoming_tasks": TASKS,
        "incoming_annotations": ANNOTATIONS,
        "incoming_drafts": DRAFTS,
        "incoming_predictions": PREDICTIONS,
        "incoming_results": RESULTS,
        "incoming_envelopes": ENVELOPES,
    }

    def __init__(self) -> None:
        self._result_seq = 0
        self._rows: dict[str, list[tuple]] = {name: [] for name in self.SCHEMAS}
        self._tasks = self._rows["incoming_tasks"]
        self._annotations = self._rows["incoming_annotations"]
        self._drafts = self._rows["incoming_drafts"]
        self._predictions = self._rows["incoming_predictions"]
        self._results = self._rows["incoming_results"]

    def add_envelope(self, first_task_seq: int, last_task_seq: int, envelope: bytes) -> None:
        """Add the text of these tasks without their results, in which DuckDB looks for repeated keys."""
        self._rows["incoming_envelopes"].append((first_task_seq, last_task_seq, envelope))

    def add(self, task: Task, task_seq: int, project: str, export_id: int, media_pointer: str | None) -> None:
        """Add a task with everything in it. `task_seq` numbers the task copies of a load."""
        self._tasks.append(
            (
                task_seq,
                project,
                export_id,
                media_pointer,
                task.id,
                task.updated_at,
                task.is_labeled,
                task.overlap,
                task.total_annotations,
                task.cancelled_annotations,
                _json_text(task.data),
            )
        )
        predictions = self._add_predictions(task, task_seq)
        self._add_drafts(task, task_seq)
        seqs: dict[bytes, int | None] = {}
        for annotation in task.annotations:
            state, prediction_id, prediction = _known_prediction(annotation, predictions)
            prediction_seq = None
            if prediction is not None:
                # several annotations mostly start from one prediction, which is then read once
                text = bytes(prediction.result)
                if text not in seqs:
                    seqs[text] = self._add_result(task_seq, prediction.result)
                prediction_seq = seqs[text]
            self._annotations.append(
                (
                    task_seq,
                    annotation.id,
                    id_of(annotation.completed_by),
                    annotation.created_at,
                    annotation.updated_at,
                    annotation.was_cancelled is True,
                    annotation.result_count,
                    id_of(annotation.updated_by),
                    annotation.lead_time,
                    annotation.import_id,
                    annotation.last_action,
                    _latest_verdict(annotation.reviews) if annotation.reviews else None,
                    annotation.ground_truth is True,
                    id_of(annotation.parent_prediction),
                    id_of(annotation.parent_annotation),
                    state,
                    prediction_id,
                    prediction and prediction.model_version,
                    prediction and prediction.score,
                    self._add_result(task_seq, annotation.result),
                    prediction_seq,
                )
            )

    def _add_result(self, task_seq: int, result: Raw) -> int | None:
        """The number of a result in `incoming_results`; None for null."""
        text = _json_text(result)
        if not text:
            return None
        self._result_seq += 1
        self._results.append((task_seq, self._result_seq, text))
        return self._result_seq

    def _add_predictions(self, task: Task, task_seq: int) -> dict[int, Prediction | None]:
        predictions: dict[int, Prediction | None] = {}
        for prediction in task.predictions or ():
            if isinstance(prediction, int):
                predictions.setdefault(prediction, None)
            else:
                predictions[prediction.id] = prediction
        for prediction_id, prediction in predictions.items():
            if prediction is None:
                row = (task_seq, prediction_id, None, None, None, True)
            else:
                row = (
                    task_seq,
                    prediction_id,
                    prediction.model_version,
                    prediction.score,
                    prediction.created_at,
                    not memoryview(prediction.result),
                )
            self._predictions.append(row)
        return predictions

    def _add_drafts(self, task: Task, task_seq: int) -> None:
        drafts: dict[int, Draft | None] = {}
        for draft in task.drafts or ():
            if isinstance(draft, int):
                drafts.setdefault(draft, None)
            else:
                drafts[draft.id] = draft
        for draft_id, draft in drafts.items():
            if draft is None:
                row = (task_seq, draft_id, None, None, None, True)
            else:
                row = (task_seq, draft_id, id_of(draft.annotation), draft.created_at, draft.updated_at, False)
            self._drafts.append(row)

    def tables(self) -> dict[str, pa.Table]:
        """The rows so far, by the name of the relation that the batch SQL reads."""
        return {name: table(rows, self.SCHEMAS[name]) for name, rows in self._rows.items()}


def _known_prediction(
    annotation: Annotation, predictions: dict[int, Prediction | None]
) -> tuple[str, int | None, Prediction | None]:
    """State and id of the prediction an annotation started from, and itself if its result is known."""
    parent_id = id_of(annotation.parent_prediction)
    prediction = annotation.prediction
    if isinstance(prediction, Prediction):
        if memoryview(prediction.result):
            return "known", parent_id if prediction.id is None else prediction.id, prediction
        prediction = prediction.id
    prediction_id = parent_id if prediction is None else prediction
    if prediction_id is None:
        return "none", None, None
    listed = predictions.get(prediction_id)
    if listed is None or not memoryview(listed.result):
        return "id_only", prediction_id, None
    return "known", prediction_id, listed


def _latest_verdict(reviews: Iterable[Review]) -> bool | None:
    """`accepted` of the latest review by time; without times, or among equal ones, of the last."""
    latest, verdict = None, None
    for review in reviews:
        at = _time(review.created_at)
        if latest is None or at is None or at >= latest:
            verdict = review.accepted
            latest = at or latest
    return verdict


def _time(stamp: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(stamp or "")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _json_text(raw: Raw) -> memoryview | None:
    """The JSON text without copying it, None for null."""
    text = memoryview(raw)
    return None if text == NULL_TEXT else text


def table(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    """Rows, each in the order of `schema`, as columns.

    In chunks of some CHUNK_BYTES: DuckDB holds the parsed JSON of a vector of rows, at most of one chunk.
    """
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    whole = pa.table(
        [
            _texts(column) if field.type == pa.large_string() else pa.array(column, field.type)
            for column, field in zip(columns, schema, strict=True)
        ],
        schema=schema,
    )
    chunk_rows = max(1, len(rows) * CHUNK_BYTES // (whole.nbytes + 1))
    return pa.Table.from_batches(whole.to_batches(max_chunksize=chunk_rows), schema)


def _texts(column: tuple[memoryview | None, ...]) -> pa.LargeStringArray:
    """Texts that are known to be UTF-8, copied once and not looked at.

    `pa.array` would keep the windows that memoryviews are of from ever being freed.
    """
    texts = [text or b"" for text in column]
    ends = accumulate(map(len, texts), initial=0)
    return pa.LargeStringArray.from_buffers(
        len(column),
        pa.array(ends, pa.int64()).buffers()[1],
        pa.py_buffer(b"".join(texts)),
        pa.array([text is not None for text in column], pa.bool_()).buffers()[1],
    )
