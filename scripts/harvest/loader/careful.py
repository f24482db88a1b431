"""The slow path: one task that the typed envelope refused, read leniently, or why it is not understood.

A bad value costs no more than it must: a coordinate that is no number becomes none, so that the models reject
its region and keep the annotation. What decides who labelled what (ids, results, skips) must be usable.
"""

import json
import math
from collections.abc import Callable
from typing import Any, TypeVar

from msgspec import Raw

from harvest.loader.envelope import (
    MISSING,
    NULL,
    Annotation,
    Draft,
    Prediction,
    Reference,
    Review,
    Task,
    flaw,
)

T = TypeVar("T")

# What NaN, Infinity and numbers beyond range become: no number, yet not absent as null would be.
NOT_FINITE: dict[str, Any] = {}


class NotUnderstoodError(Exception):
    """Why a text cannot be loaded as a task. `is_other_json`: it is JSON, but nothing like a task."""

    def __init__(self, reason: str, *, is_other_json: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_other_json = is_other_json
        self.task_id: int | None = None


def understand(text: bytes) -> Task:
    """Read one task. Raises NotUnderstoodError."""
    try:
        task = json.loads(
            text.decode("utf-8"),
            strict=False,
            object_pairs_hook=_object,
            parse_float=_finite,
            parse_int=_integer,
            parse_constant=lambda _name: NOT_FINITE,
        )
    except UnicodeDecodeError as error:
        raise NotUnderstoodError(f"invalid UTF-8 at byte {error.start} of it") from error
    except json.JSONDecodeError as error:
        raise NotUnderstoodError(f"broken JSON: {error.msg} at character {error.pos} of it") from error
    except RecursionError as error:
        raise NotUnderstoodError("nested too deeply") from error
    if not isinstance(task, dict):
        raise NotUnderstoodError("it is no JSON object", is_other_json=True)
    task_id = whole_id(task.get("id"))
    try:
        return _task(task, task_id)
    except NotUnderstoodError as error:
        error.task_id = task_id
        raise


def whole_id(value: object) -> int | None:
    """An id that is written as a whole number, as 7.0 or as text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = int(value)
        except ValueError:
            return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and -(2**63) <= value < 2**63 else None


def _task(task: dict[str, Any], task_id: int | None) -> Task:
    if "annotations" not in task:
        raise NotUnderstoodError("it has no annotations", is_other_json=True)
    if task_id is None:
        raise NotUnderstoodError("it has no usable id", is_other_json="id" not in task and "data" not in task)
    understood = Task(
        id=task_id,
        annotations=_items(task, "annotations", _annotation),
        drafts=_items(task, "drafts", _draft),
        predictions=_items(task, "predictions", _prediction),
        data=_raw(task.get("data")),
        updated_at=_text(task.get("updated_at")),
        is_labeled=_boolean(task.get("is_labeled")),
        overlap=_count(task.get("overlap")),
        total_annotations=whole_id(task.get("total_annotations")),
        cancelled_annotations=whole_id(task.get("cancelled_annotations")),
    )
    if reason := flaw(understood):
        raise NotUnderstoodError(reason)
    return understood


def _items(parent: dict[str, Any], key: str, read: Callable[[Any], T]) -> list[T]:
    items = parent.get(key)
    if items is None and key != "annotations":
        return []
    if not isinstance(items, list):
        raise NotUnderstoodError(f"its {key} are no list")
    return [read(item) for item in items]


def _annotation(annotation: Any) -> Annotation:
    if not isinstance(annotation, dict):
        raise NotUnderstoodError("an annotation is no object")
    annotation_id = whole_id(annotation.get("id"))
    if annotation_id is None:
        raise NotUnderstoodError("an annotation has no usable id")
    was_cancelled = annotation.get("was_cancelled")
    if was_cancelled is not None and _boolean(was_cancelled) is None:
        raise NotUnderstoodError(f"annotation {annotation_id}: was_cancelled is neither true nor false")
    return Annotation(
        id=annotation_id,
        task=_reference(annotation, "task"),
        completed_by=_reference(annotation, "completed_by", annotation_id),
        result=_raw(annotation.get("result")),
        was_cancelled=_boolean(was_cancelled),
        ground_truth=_boolean(annotation.get("ground_truth")),
        created_at=_text(annotation.get("created_at")),
        updated_at=_text(annotation.get("updated_at")),
        lead_time=_number(annotation.get("lead_time")),
        prediction=_embedded_prediction(annotation.get("prediction")),
        result_count=whole_id(annotation.get("result_count")),
        updated_by=_reference(annotation, "updated_by"),
        import_id=whole_id(annotation.get("import_id")),
        last_action=_text(annotation.get("last_action")),
        reviews=_reviews(annotation.get("reviews")),
        parent_prediction=_reference(annotation, "parent_prediction", annotation_id),
        parent_annotation=_reference(annotation, "parent_annotation", annotation_id),
    )


def _draft(draft: Any) -> Draft | int:
    if isinstance(draft, dict):
        draft_id = whole_id(draft.get("id"))
        if draft_id is not None:
            return Draft(
                id=draft_id,
                annotation=_reference(draft, "annotation"),
                created_at=_text(draft.get("created_at")),
                updated_at=_text(draft.get("updated_at")),
            )
    elif (draft_id := whole_id(draft)) is not None:
        return draft_id
    raise NotUnderstoodError("a draft has no usable id")


def _prediction(prediction: Any) -> Prediction | int:
    understood = _embedded_prediction(prediction)
    if understood is None or (isinstance(understood, Prediction) and understood.id is None):
        raise NotUnderstoodError("a prediction has no usable id")
    return understood


def _embedded_prediction(prediction: Any) -> Prediction | int | None:
    if not isinstance(prediction, dict):
        return whole_id(prediction)
    result = prediction.get("result", ...)
    return Prediction(
        id=whole_id(prediction.get("id")),
        result=_raw(result) if result is None or isinstance(result, list) else MISSING,
        model_version=_text(prediction.get("model_version")),
        score=_number(prediction.get("score")),
        created_at=_text(prediction.get("created_at")),
    )


def _reviews(reviews: Any) -> list[Review]:
    if not isinstance(reviews, list):
        return []
    return [
        Review(accepted=_boolean(review.get("accepted")), created_at=_text(review.get("created_at")))
        for review in reviews
        if isinstance(review, dict)
    ]


def _reference(parent: dict[str, Any], key: str, annotation_id: int | None = None) -> int | Reference | None:
    """The id under `key`, or the id of the object there. With `annotation_id` it must be usable if set."""
    value = parent.get(key)
    if isinstance(value, dict):
        return Reference(whole_id(value.get("id")))
    number = whole_id(value)
    if number is None and value is not None and annotation_id is not None:
        raise NotUnderstoodError(f"annotation {annotation_id}: {key} is neither an id nor an object")
    return number


def _raw(value: Any) -> Raw:
    if value is None:
        return NULL
    try:
        return Raw(
            json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8")
        )
    except UnicodeEncodeError as error:
        raise NotUnderstoodError("a text in it is no valid Unicode") from error


def _text(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _count(value: Any) -> int | None:
    number = whole_id(value)
    return number if number is not None and -(2**31) <= number < 2**31 else None


def _boolean(value: Any) -> bool | None:
    return {True: True, False: False, "true": True, "false": False}.get(value) if _is_plain(value) else None


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | str)


def _finite(text: str) -> float | dict[str, Any]:
    number = float(text)
    return number if math.isfinite(number) else NOT_FINITE


def _integer(text: str) -> int | dict[str, Any]:
    """A number of thousands of digits is beyond any range, and slow to read."""
    return int(text) if len(text) < 400 else NOT_FINITE


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))
        raise NotUnderstoodError(f"the key {twice[:40]!r} occurs twice in one object")
    return found
