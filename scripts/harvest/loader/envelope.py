"""The typed envelope of a task: everything but its regions, which stay raw JSON text."""

from typing import Annotated

from msgspec import Meta, Raw, Struct, json

Id = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]
Count = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
NULL = Raw(b"null")
MISSING = Raw(b"")


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


decode_task = json.Decoder(Task).decode
decode_tasks = json.Decoder(list[Task]).decode
