"""Decoded tasks as rows of Arrow tables, one table per staging table; regions stay JSON text."""

from collections.abc import Iterable
from datetime import UTC, datetime

import pyarrow as pa
from msgspec import Raw

from harvest.loader.envelope import NULL_TEXT, Annotation, Draft, Prediction, Review, Task, id_of

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


class Batch:
    """Rows of the tasks added since the batch was made."""

    def __init__(self) -> None:
        self._tasks: list[tuple] = []
        self._annotations: list[tuple] = []
        self._drafts: list[tuple] = []
        self._predictions: list[tuple] = []

    def add(self, task: Task, task_seq: int, export_id: int) -> None:
        """Add a task with everything in it. `task_seq` numbers the task copies of a load."""
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
            )
        )
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
            "incoming_tasks": table(self._tasks, TASKS),
            "incoming_annotations": table(self._annotations, ANNOTATIONS),
            "incoming_drafts": table(self._drafts, DRAFTS),
            "incoming_predictions": table(self._predictions, PREDICTIONS),
        }


def _known_prediction(
    annotation: Annotation, predictions: dict[int, Prediction | None]
) -> tuple[str, int | None, str | None, float | None, memoryview | None]:
    """State, id, model version, score and result text of the prediction an annotation started from."""
    parent_id = id_of(annotation.parent_prediction)
    prediction = annotation.prediction
    if isinstance(prediction, Prediction):
        if memoryview(prediction.result):
            return _known(prediction, parent_id if prediction.id is None else prediction.id)
        prediction = prediction.id
    prediction_id = parent_id if prediction is None else prediction
    if prediction_id is None:
        return "none", None, None, None, None
    listed = predictions.get(prediction_id)
    if listed is None or not memoryview(listed.result):
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
    text = memoryview(raw)
    return None if text == NULL_TEXT else text


def table(rows: list[tuple], schema: pa.Schema) -> pa.Table:
    """Rows, each in the order of `schema`, as an Arrow table."""
    columns = zip(*rows, strict=True) if rows else [()] * len(schema)
    return pa.table(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)], schema=schema
    )
