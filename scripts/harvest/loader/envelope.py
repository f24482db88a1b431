"""The typed envelope of a task: everything but its regions, which stay raw JSON text."""

from collections.abc import Iterator
from typing import Annotated

import pyarrow as pa
from msgspec import Meta, Raw, Struct, json

Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
NULL = Raw(b"null")
MISSING = Raw(b"")
LIST_START = ord("[")
NULL_TEXT = memoryview(b"null")


class Reference(Struct):
    """An object that stands for its id, such as a user."""

    id: Id | None = None


class Review(Struct):
    accepted: bool | None = None
    created_at: str | None = None


class Prediction(Struct):
    """A prediction, in `predictions` or embedded in an annotation; `{}` stands for none."""

    id: Id | None = None
    result: Raw = MISSING
    model_version: str | None = None
    score: float | None = None
    created_at: str | None = None


class Annotation(Struct):
    id: Id
    task: Id | Reference | None = None
    completed_by: Id | Reference | None = None
    result: Raw = NULL
    was_cancelled: bool | None = None
    ground_truth: bool | None = None
    created_at: str | None = None
    updated_at: str | None = None
    lead_time: float | None = None
    prediction: Prediction | Id | None = None
    result_count: Id | None = None
    updated_by: Id | Reference | None = None
    import_id: Id | None = None
    last_action: str | None = None
    reviews: list[Review] | None = None
    parent_prediction: Id | Reference | None = None
    parent_annotation: Id | Reference | None = None


class Draft(Struct):
    id: Id
    annotation: Id | Reference | None = None
    created_at: str | None = None
    updated_at: str | None = None


class Task(Struct):
    """A task; `data` and the results are JSON text that is not looked into here."""

    id: Id
    annotations: list[Annotation]
    drafts: list[Draft | Id] | None = None
    predictions: list[Prediction | Id] | None = None
    data: Raw = NULL
    updated_at: str | None = None
    is_labeled: bool | None = None
    overlap: Count | None = None
    total_annotations: Id | None = None
    cancelled_annotations: Id | None = None


class StoredTask(Struct):
    """The task inside an annotation of Label Studio's target storage."""

    id: Id
    data: Raw
    updated_at: str | None = None
    is_labeled: bool | None = None
    overlap: Count | None = None
    total_annotations: Id | None = None
    cancelled_annotations: Id | None = None
    predictions: list[Prediction | Id] | None = None


class StoredAnnotation(Annotation, kw_only=True):
    """One annotation with its task inside, as Label Studio's target storage writes it, one to a file."""

    task: StoredTask

    def as_task(self) -> Task:
        """The task with this annotation alone."""
        task = self.task
        self.task = None
        return Task(
            id=task.id,
            annotations=[self],
            predictions=task.predictions,
            data=task.data,
            updated_at=task.updated_at,
            is_labeled=task.is_labeled,
            overlap=task.overlap,
            total_annotations=task.total_annotations,
            cancelled_annotations=task.cancelled_annotations,
        )


def id_of(value: int | Reference | None) -> int | None:
    return value.id if isinstance(value, Reference) else value


def flaw(task: Task) -> str | None:
    """What is wrong with a task although its types are right, or None."""
    annotations = task.annotations
    if len(annotations) > 1 and len({annotation.id for annotation in annotations}) < len(annotations):
        return "the id of an annotation occurs twice in it"
    for annotation in annotations:
        if not is_result(annotation.result):
            return f"annotation {annotation.id}: its result is no list"
        if annotation.task is not None and id_of(annotation.task) not in (task.id, None):
            return f"annotation {annotation.id} is of another task"
        prediction = annotation.prediction
        if isinstance(prediction, Prediction) and not is_result(prediction.result):
            return f"annotation {annotation.id}: the result of its prediction is no list"
    for prediction in task.predictions or ():
        if isinstance(prediction, Prediction) and (prediction.id is None or not is_result(prediction.result)):
            return "a prediction has no usable id or result"
    return None


def without_raw(text: memoryview, tasks: list[Task]) -> bytes:
    """The text of a list of tasks, or of tasks line by line, as a list with a 0 in place of each raw value.

    `text` is what the tasks were decoded from, whose raw values are parts of it.
    """
    base = _address(text)
    # the raw value of a key that is missing is no part of the text
    places = sorted((_address(raw) - base, len(raw)) for raw in map(memoryview, _raws(tasks)) if len(raw) > 2)
    parts, at = [], 0
    for start, length in places:
        if 0 <= start < len(text):
            parts.append(text[at:start])
            at = start + length
    parts.append(text[at:])
    envelope = b"0".join(parts)
    if envelope.startswith(b"["):
        return envelope
    return b"[" + b",".join(line for line in envelope.split(b"\n") if line.strip()) + b"]"


def _raws(tasks: list[Task]) -> Iterator[Raw]:
    for task in tasks:
        yield task.data
        for annotation in task.annotations:
            yield annotation.result
            if isinstance(annotation.prediction, Prediction):
                yield annotation.prediction.result
        for prediction in task.predictions or ():
            if isinstance(prediction, Prediction):
                yield prediction.result


def _address(text: memoryview) -> int:
    return pa.py_buffer(text).address


def is_result(raw: Raw) -> bool:
    """Whether this is a list, null or missing."""
    text = memoryview(raw)
    return not text or text[0] == LIST_START or text == NULL_TEXT


_tasks = json.Decoder(list[Task])
_task = json.Decoder(Task)
_stored_annotation = json.Decoder(StoredAnnotation)

decode_tasks = _tasks.decode
decode_task = _task.decode
decode_task_lines = _task.decode_lines
decode_stored_annotation = _stored_annotation.decode
