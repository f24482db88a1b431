"""Decoded tasks as rows of Arrow tables, one table per staging table; regions stay JSON text."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pyarrow as pa
from msgspec import Raw

from harvest.loader.envelope import MISSING, NULL, Annotation, Prediction, Reference, Review, Task

TASKS = pa.schema(
    {
        "task_seq": pa.int64(),
        "export_id": pa.int32(),
        "task_id": pa.int64(),
        "updated_at": pa.string(),
        "is_labeled": pa.bool_(),
        "overlap": pa.int32(),
        "total_annotations": pa.int64(),
        "cancelled_annotations": pa.int64(),
        "data": pa.string(),
        "byte_offset": pa.int64(),
        "byte_length": pa.int64(),
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
        "result": pa.large_string(),
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
        "prediction_result": pa.large_string(),
    }
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


class Batch:
    """Rows of the tasks added since the batch was made, with `bytes` of JSON text behind them."""

    def __init__(self) -> None:
        self.bytes = 0
        self._tasks: list[tuple] = []
        self._annotations: list[tuple] = []
        self._drafts: list[tuple] = []
        self._predictions: list[tuple] = []

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, task: Task, task_seq: int, export_id: int, byte_offset: int, byte_length: int) -> None:
        """Add a task with everything in it. `task_seq` numbers the task copies of a load."""
        self.bytes += byte_length
        self._tasks.append(
            (
                task_seq,
                export_id,
                task.id,
                task.updated_at,
                task.is_labeled,
                task.overlap,
                task.total_annotations,
                task.cancelled_annotations,
                _json_text(task.data),
                byte_offset,
                byte_length,
            )
        )
        predictions: dict[int, Prediction | None] = {}
        for prediction in task.predictions or ():
            if isinstance(prediction, int):
                predictions.setdefault(prediction, None)
                row = (task_seq, prediction, None, None, None, True)
            else:
                predictions[prediction.id] = prediction
                row = (
                    task_seq,
                    prediction.id,
                    prediction.model_version,
                    prediction.score,
                    prediction.created_at,
                    _is(prediction.result, MISSING),
                )
            self._predictions.append(row)
        for draft in task.drafts or ():
            if isinstance(draft, int):
                row = (task_seq, draft, None, None, None, True)
            else:
                row = (task_seq, draft.id, id_of(draft.annotation), draft.created_at, draft.updated_at, False)
            self._drafts.append(row)
        for annotation in task.annotations:
            self._annotations.append(
                (
                    task_seq,
                    annotation.id,
                    id_of(annotation.completed_by),
                    annotation.created_at,
                    annotation.updated_at,
                    annotation.was_cancelled is True,
                    _json_text(annotation.result),
                    annotation.result_count,
                    id_of(annotation.updated_by),
                    annotation.lead_time,
                    annotation.import_id,
                    annotation.last_action,
                    _latest_verdict(annotation.reviews) if annotation.reviews else None,
                    annotation.ground_truth is True,
                    id_of(annotation.parent_prediction),
                    id_of(annotation.parent_annotation),
                    *_known_prediction(annotation, predictions),
                )
            )

    def tables(self) -> dict[str, pa.Table]:
        """The rows so far, by the name of the relation that the batch SQL reads."""
        return {
            "incoming_tasks": _table(self._tasks, TASKS),
            "incoming_annotations": _table(self._annotations, ANNOTATIONS),
            "incoming_drafts": _table(self._drafts, DRAFTS),
            "incoming_predictions": _table(self._predictions, PREDICTIONS),
        }


def id_of(value: int | Reference | None) -> int | None:
    return value.id if isinstance(value, Reference) else value


def _known_prediction(
    annotation: Annotation, predictions: dict[int, Prediction | None]
) -> tuple[str, int | None, str | None, float | None, memoryview | None]:
    """State, id, model version, score and result text of the prediction an annotation started from."""
    parent_id = id_of(annotation.parent_prediction)
    prediction = annotation.prediction
    if isinstance(prediction, Prediction):
        if not _is(prediction.result, MISSING):
            return _known(prediction, parent_id if prediction.id is None else prediction.id)
        prediction = prediction.id
    prediction_id = parent_id if prediction is None else prediction
    if prediction_id is None:
        return "none", None, None, None, None
    listed = predictions.get(prediction_id)
    if listed is None or _is(listed.result, MISSING):
        return "id_only", prediction_id, None, None, None
    return _known(listed, prediction_id)


def _known(
    prediction: Prediction, prediction_id: int | None
) -> tuple[str, int | None, str | None, float | None, memoryview | None]:
    return "known", prediction_id, prediction.model_version, prediction.score, _json_text(prediction.result)


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
    view = memoryview(raw)
    return None if len(view) == 4 and view == memoryview(NULL) else view


def _is(raw: Raw, other: Raw) -> bool:
    return len(memoryview(raw)) == len(memoryview(other)) and raw == other


def _table(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
