"""The contract once more, in slow and obvious Python: what the SQL models are compared with.

Nothing here is shared with the pipeline. Each rule is a small function whose docstring names the
section of the contract it restates; `harvest` at the end puts them together. Sections: 1 loading,
2 verdicts, 3 keys and units, 4 timelines, 5 frames, 7 fine print.

Out of scope: exports that the load refuses (no `annotations` key, one task id with two media).
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

Row = dict[str, Any]
Json = Any

LABEL_TYPES = {
    "a": ("timelinelabels",),
    "b": ("keypointlabels", "rectanglelabels"),
    "c": ("keypointlabels", "rectanglelabels"),
}
MEDIA_TAG = {"a": "Video", "b": "Image", "c": "Image"}
MEDIA_KEYS = {"a": ("video", "image"), "b": ("image", "video"), "c": ("image", "video")}
COORDINATES = {
    "keypointlabels": ("x", "y"),
    "rectanglelabels": ("x", "y", "width", "height"),
}
TIERS = ("hi", "med", "lo")
MICRO = 1_000_000
FAR_APART_MICRO_PX = 1_000_000 * MICRO
VALUE_TOLERANCE = 1e-6
BOX_SLACK_PERCENT = 1e-6


@dataclass(frozen=True)
class Settings:
    """The contract's vars with their defaults."""

    required_reviewers: int | None = None
    skip_policy: str = "any"
    harvest_imported: bool = False
    episode_key_pattern: str = r"(\d{2}_\d{3})_(ego|exo)"
    frame_pattern: str = r"_f(\d+)"
    timeline_frame_base: int = 1
    boundary_weight: float = 0.5
    boundary_frames: int | None = None
    disagreement_statistic: str = "max"
    hi_px: float = 5.0
    lo_px: float = 20.0
    hi_iou: float = 0.8
    lo_iou: float = 0.5
    box_tiers: bool = True
    hi_samples: str = "keep_all"


@dataclass
class Reference:
    """What the contract says must come out, a list of rows per relation."""

    annotation_verdicts: list[Row] = field(default_factory=list)
    rejected_regions: list[Row] = field(default_factory=list)
    frame_reviews: list[Row] = field(default_factory=list)
    training_set_a: list[Row] = field(default_factory=list)
    training_set_b: list[Row] = field(default_factory=list)
    training_set_c: list[Row] = field(default_factory=list)


# ---------------------------------------------------------------------------------------------
# Plain values
# ---------------------------------------------------------------------------------------------


def finite_number(value: Json) -> float | None:
    """A finite JSON number, else None. Text such as "12.5" is no number (sections 3 and 7)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def whole_number(value: Json) -> int | None:
    """A finite whole JSON number: 31 or 31.0, not "31" and not 31.5 (a timeline bound, section 7)."""
    number = finite_number(value)
    return int(value) if number is not None and number.is_integer() else None


def data_index(value: Json) -> int | None:
    """A whole number in a task's data, written 423, 423.0 or "423" (section 7)."""
    return whole_number(numeric_text(value))


def numeric_text(value: Json) -> Json:
    """The number that a text in a task's data stands for; anything else as it is."""
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value):
        return int(value)
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return None


def data_length(value: Json) -> int | None:
    """A video's length in frames. Reading: one that is not above 0 counts as absent."""
    length = data_index(value)
    return length if length is not None and length > 0 else None


def data_size(value: Json) -> float | None:
    """A width or height in a task's data: a number or numeric text above 0."""
    number = finite_number(numeric_text(value))
    return number if number is not None and number > 0 else None


def data_key(value: Json) -> str | None:
    """An episode or view in a task's data. Reading: a whole number there is its digits."""
    number = whole_number(value)
    return data_text(value) if number is None else str(number)


def data_text(value: Json) -> str | None:
    """A text in a task's data; a missing, null or empty one counts as absent."""
    return value if isinstance(value, str) and value else None


def moment(value: Json) -> datetime | None:
    """An ISO 8601 time as naive UTC."""
    if not isinstance(value, str) or not value:
        return None
    parsed = datetime.fromisoformat(value)
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else parsed


def earliest_first(time: datetime | None) -> tuple[bool, datetime]:
    """Sort key of a time; an unknown one is the earliest."""
    return (time is not None, time or datetime.min)


def round_half_away(value: float) -> float:
    """Round a number >= 0 to 6 digits, a half upwards, on the double as it is."""
    return math.floor(value * MICRO + 0.5) / MICRO


def micro(value: float) -> int:
    """The same rounding as a whole number of millionths, so that sums are exact."""
    return math.floor(value * MICRO + 0.5)


def median(values: Sequence[Fraction]) -> Fraction:
    """The middle value, or the mean of the two middle ones."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


# ---------------------------------------------------------------------------------------------
# Loading (section 1)
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ProjectSettings:
    """What `project.json` beside an export says; None where it is silent."""

    maximum_annotations: int | None = None
    overlap_cohort_percentage: float | None = None
    skip_queue: str | None = None
    media_key: str | None = None


@dataclass(frozen=True)
class Annotation:
    """One element of `annotations[]`."""

    raw: Json
    annotation_id: int
    annotator_id: int | None
    created_at: datetime | None
    updated_at: datetime | None
    was_cancelled: bool
    result: list[Json] | None
    parent_annotation: int | None


@dataclass(frozen=True)
class Task:
    """The newest copy of a task, with its place (section 3)."""

    project: str
    task_id: int
    raw: Json
    settings: ProjectSettings
    media: str | None
    episode_key: str | None
    view: str | None
    frame_idx: int | None
    width: float | None
    height: float | None
    n_frames: int | None
    annotations: tuple[Annotation, ...]


@dataclass(frozen=True)
class Review:
    """A ground-truth annotation together with its task and where its labels come from."""

    task: Task
    annotation: Annotation
    label_source: str


def project_settings(project: str, export: Path) -> ProjectSettings:
    """Sections 1 and 7: the `project.json` in the export's own folder, nowhere else."""
    path = export.parent / "project.json"
    if not path.exists():
        return ProjectSettings()
    said = json.loads(path.read_text(encoding="utf-8"))
    return ProjectSettings(
        maximum_annotations=whole_number(said.get("maximum_annotations")),
        overlap_cohort_percentage=finite_number(said.get("overlap_cohort_percentage")),
        skip_queue=data_text(said.get("skip_queue")),
        media_key=config_media_key(project, said.get("label_config")),
    )


def config_media_key(project: str, label_config: Json) -> str | None:
    """Section 7: the `value="$key"` of the label config's media tag (Video in A, Image in B and C)."""
    if not data_text(label_config):
        return None
    for tag in ElementTree.fromstring(label_config).iter(MEDIA_TAG[project]):
        value = tag.get("value", "")
        if value.startswith("$"):
            return value[1:]
    return None


def tasks_of(export: Path) -> list[Json]:
    """Sections 1 and 7: an export is a list of tasks, or an object with a list `tasks`."""
    said = json.loads(export.read_text(encoding="utf-8"))
    return said["tasks"] if isinstance(said, dict) else said


def newest_copies(exports: Sequence[tuple[str, Path]]) -> list[tuple[str, Path, Json]]:
    """Section 1: of the copies of a task the latest `updated_at` wins; section 7: then the last path.

    Reading: a copy without `updated_at` is the oldest.
    """
    newest: dict[tuple[str, int], tuple[str, Path, Json]] = {}
    ordered = [(project, path, raw) for project, path in exports for raw in tasks_of(path)]
    ordered.sort(key=lambda copy: (earliest_first(moment(copy[2].get("updated_at"))), str(copy[1])))
    for project, path, raw in ordered:
        newest[project, raw["id"]] = (project, path, raw)
    return list(newest.values())


def updated_at(raw: Json) -> datetime | None:
    """When an annotation was last changed. Reading: without `updated_at`, when it was created."""
    return moment(raw.get("updated_at")) or moment(raw.get("created_at"))


def person(completed_by: Json) -> int | None:
    """Section 2: `completed_by` is a number, an object with an id, or null for a deleted account."""
    return completed_by.get("id") if isinstance(completed_by, dict) else completed_by


def read_annotation(raw: Json) -> Annotation:
    """An element of `annotations[]`; every key but the id may be missing."""
    return Annotation(
        raw=raw,
        annotation_id=raw["id"],
        annotator_id=person(raw.get("completed_by")),
        created_at=moment(raw.get("created_at")),
        updated_at=updated_at(raw),
        was_cancelled=raw.get("was_cancelled") is True,
        result=raw.get("result"),
        parent_annotation=raw.get("parent_annotation"),
    )


def read_task(project: str, export: Path, raw: Json, settings: Settings) -> Task:
    """A task with its place worked out."""
    said = project_settings(project, export)
    data = raw["data"]
    written = written_media(project, data, said)
    place = parsed_place(written, settings)
    frame_idx = data_index(data.get("frame_idx"))
    return Task(
        project=project,
        task_id=raw["id"],
        raw=raw,
        settings=said,
        media=published_media(written),
        episode_key=data_key(data.get("episode_key")) or place.episode_key,
        view=data_key(data.get("view")) or place.view,
        frame_idx=place.frame_idx if frame_idx is None else frame_idx,
        width=data_size(data.get("width")),
        height=data_size(data.get("height")),
        n_frames=data_length(data.get("n_frames")),
        annotations=tuple(read_annotation(annotation) for annotation in raw["annotations"]),
    )


# ---------------------------------------------------------------------------------------------
# Media and keys (section 3)
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """What a media path says of its place."""

    episode_key: str | None = None
    view: str | None = None
    frame_idx: int | None = None


def is_local_file(media: str) -> bool:
    """A URL of Label Studio's local storage."""
    return "/data/local-files/?d=" in media


def has_scheme(media: str) -> bool:
    """s3://, https:// and the like."""
    return re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", media) is not None


def url_decoded(text: str) -> str:
    """Percent-decoded. Reading: what decodes to no UTF-8 was never encoded, and stays as it stands."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return text


def readable_path(media: str) -> str:
    """Section 3: URL-decoded, the part after `?d=`, without an upload's 8-hex prefix.

    Reading: the prefix is dropped only from the name of a file under data/upload/.
    """
    if is_local_file(media):
        return url_decoded(media.split("?d=", 1)[1])
    return re.sub(r"^((?:.*/)?data/upload/(?:.*/)?)[0-9a-f]{8}-([^/]+)$", r"\1\2", url_decoded(media))


def published_media(media: str | None) -> str | None:
    """Section 7: the readable path; anything with a scheme that is no local file stays as it stands."""
    if media is None or (has_scheme(media) and not is_local_file(media)):
        return media
    return readable_path(media)


def written_media(project: str, data: dict[str, Json], said: ProjectSettings) -> str | None:
    """Section 7: under the label config's key, else under `video` or `image`.

    Reading: the project's own kind of media comes first, and an absent value leaves it to the next key.
    """
    found = (data_text(data.get(key)) for key in (said.media_key, *MEDIA_KEYS[project]))
    return next((media for media in found if media is not None), None)


def parsed_place(media: str | None, settings: Settings) -> Place:
    """Section 3: the first match of each pattern in the readable path.

    Reading: group 1 of `episode_key_pattern` is the episode, group 2, if the pattern has it, the view.
    """
    if media is None:
        return Place()
    path = readable_path(media)
    episode = re.search(settings.episode_key_pattern, path)
    frame = re.search(settings.frame_pattern, path)
    return Place(
        episode_key=data_text(episode.group(1)) if episode else None,
        view=data_text(episode.group(2)) if episode and episode.re.groups > 1 else None,
        frame_idx=data_index(frame.group(1)) if frame else None,
    )


# ---------------------------------------------------------------------------------------------
# Verdicts (sections 2 and 7)
# ---------------------------------------------------------------------------------------------


def has_import_signature(annotation: Annotation) -> bool:
    """Section 2: a result nobody counted, updated or spent time on."""
    raw = annotation.raw
    return (
        bool(annotation.result)
        and raw.get("result_count") in (None, 0)
        and raw.get("updated_by") is None
        and raw.get("lead_time") is None
    )


def is_bulk_copy(annotation: Annotation) -> bool:
    """Section 2, `bulk_copied`: the signature, and a prediction it was copied from."""
    return has_import_signature(annotation) and annotation.raw.get("parent_prediction") is not None


def is_import(annotation: Annotation) -> bool:
    """Section 2, `imported`: the signature without such a prediction, or an `import_id`."""
    signature = has_import_signature(annotation) and annotation.raw.get("parent_prediction") is None
    return signature or annotation.raw.get("import_id") is not None


def is_submission(annotation: Annotation, settings: Settings) -> bool:
    """Section 7: a bulk copy, and an import that is not kept, was submitted by nobody.

    Reading: that holds for a cancelled one as well; it is neither a skip nor a reviewer.
    """
    if is_bulk_copy(annotation):
        return False
    return settings.harvest_imported or not is_import(annotation)


def is_rejected(annotation: Annotation) -> bool:
    """Section 2, `review_rejected`: by the last action, or by the latest review.

    Reading: of reviews at the same time the last in the list is the latest.
    """
    reviews = [review for review in annotation.raw.get("reviews") or [] if isinstance(review, dict)]
    reviews.sort(key=lambda review: earliest_first(moment(review.get("created_at"))))
    latest_refuses = bool(reviews) and reviews[-1].get("accepted") is False
    return annotation.raw.get("last_action") == "rejected" or latest_refuses


def counts_as_done(annotation: Annotation, task: Task, settings: Settings) -> bool:
    """Section 2, `task_not_labeled`: whether the annotation's person counts towards the overlap.

    Reading: under IGNORE_SKIPPED a cancelled annotation counts whatever its result.
    """
    if not is_submission(annotation, settings):
        return False
    if annotation.was_cancelled:
        return task.settings.skip_queue == "IGNORE_SKIPPED"
    return annotation.result is not None


def required_reviewers(task: Task, settings: Settings) -> int:
    """Section 2: the var, else the task's overlap, else the project's maximum at a full cohort, else 1."""
    if settings.required_reviewers is not None:
        return settings.required_reviewers
    if task.raw.get("overlap") is not None:
        return task.raw["overlap"]
    if task.settings.overlap_cohort_percentage == 100 and task.settings.maximum_annotations is not None:
        return task.settings.maximum_annotations
    return 1


def identity(annotation: Annotation) -> Hashable:
    """Section 2: a person; every deleted account counts as a person of its own."""
    if annotation.annotator_id is None:
        return ("deleted account", annotation.annotation_id)
    return ("account", annotation.annotator_id)


def is_labeled(task: Task, settings: Settings) -> bool:
    """Section 2: enough distinct people, or what the task says of itself when no var overrules it."""
    if settings.required_reviewers is None and task.raw.get("is_labeled") is not None:
        return task.raw["is_labeled"]
    people = {identity(a) for a in task.annotations if counts_as_done(a, task, settings)}
    return len(people) >= required_reviewers(task, settings)


def is_skipped(task: Task, settings: Settings) -> bool:
    """Section 2, `task_skipped`: under `any` one submitted skip is enough, under `ignore` none is."""
    return settings.skip_policy == "any" and any(
        annotation.was_cancelled and is_submission(annotation, settings) for annotation in task.annotations
    )


def exclusion_reason(annotation: Annotation, task: Task, settings: Settings) -> str | None:
    """Section 2: the first reason that applies, `superseded` apart."""
    reasons = {
        "cancelled": annotation.was_cancelled,
        "bulk_copied": is_bulk_copy(annotation),
        "imported": is_import(annotation) and not settings.harvest_imported,
        "review_rejected": is_rejected(annotation),
        "no_result": annotation.result is None,
        "task_not_labeled": not is_labeled(task, settings),
        "task_skipped": is_skipped(task, settings),
        "no_episode_key": task.episode_key is None,
        "no_frame_idx": task.project != "a" and task.frame_idx is None,
    }
    return next((reason for reason, applies in reasons.items() if applies), None)


def place_key(task: Task) -> tuple[Hashable, ...]:
    """Section 3: what reviews of one frame, or of one video, share. A missing view meets a missing view."""
    if task.project == "a":
        return (task.project, task.episode_key, task.view)
    return (task.project, task.episode_key, task.view, task.frame_idx)


def seniority(annotation: Annotation) -> tuple[Any, ...]:
    """Sections 2 and 5: the later is the one with the later `updated_at`, then the higher id."""
    return (earliest_first(annotation.updated_at), annotation.annotation_id)


def superseded_ids(candidates: Iterable[tuple[Task, Annotation]]) -> set[tuple[str, int]]:
    """Section 2, `superseded`: all but a person's last annotation of a frame or video."""
    by_person = defaultdict(list)
    for task, annotation in candidates:
        by_person[place_key(task), identity(annotation)].append((task.project, annotation))
    superseded = set()
    for submissions in by_person.values():
        submissions.sort(key=lambda submission: seniority(submission[1]))
        superseded |= {(project, annotation.annotation_id) for project, annotation in submissions[:-1]}
    return superseded


def label_source(annotation: Annotation, task: Task) -> str:
    """Section 2: what became of the prediction the annotation started from."""
    state, predicted = starting_prediction(annotation, task)
    if state == "none":
        return "scratch"
    if state == "id_only":
        return "unknown"
    same = same_regions(annotation.result or [], predicted, LABEL_TYPES[task.project])
    return "accepted" if same else "edited"


def starting_prediction(annotation: Annotation, task: Task) -> tuple[str, list[Json]]:
    """Section 2: `annotation.prediction`, else the task's entry with id = `parent_prediction`.

    Reading: a prediction is known when the file holds its `result`; null compares as empty (section 7).
    """
    embedded = annotation.raw.get("prediction") or {}
    if isinstance(embedded, dict) and "result" in embedded:
        return "known", embedded["result"] or []
    parent = annotation.raw.get("parent_prediction")
    if parent is None:
        return ("id_only" if embedded else "none"), []
    for prediction in task.raw.get("predictions") or []:
        if isinstance(prediction, dict) and prediction.get("id") == parent and "result" in prediction:
            return "known", prediction["result"] or []
    return "id_only", []


def same_regions(mine: list[Json], theirs: list[Json], types: tuple[str, ...]) -> bool:
    """Sections 2 and 7: the same label regions, paired by id, then by occurrence of the id."""
    mine_by_id, theirs_by_id = regions_by_id(mine, types), regions_by_id(theirs, types)
    return mine_by_id.keys() == theirs_by_id.keys() and all(
        same_region(region, theirs_by_id[key]) for key, region in mine_by_id.items()
    )


def regions_by_id(result: list[Json], types: tuple[str, ...]) -> dict[tuple[Json, int], Json]:
    """The label regions of a result by id and occurrence of the id."""
    seen: Counter[Json] = Counter()
    found = {}
    for region in label_regions(result, types):
        found[region.get("id"), seen[region.get("id")]] = region
        seen[region.get("id")] += 1
    return found


def same_region(mine: Json, theirs: Json) -> bool:
    """Section 2: the same type and labels, and values within 1e-6; the dot size is no value (section 7).

    Reading: labels compare as a bag; two values that are no usable numbers compare as equal.
    """
    if mine["type"] != theirs["type"] or sorted(labels_of(mine)) != sorted(labels_of(theirs)):
        return False
    if mine["type"] == "timelinelabels":
        return bounds_of(mine) == bounds_of(theirs)
    pairs = zip(geometry_of(mine), geometry_of(theirs), strict=True)
    return all(same_value(left, right) for left, right in pairs)


def same_value(left: float | None, right: float | None) -> bool:
    """Two numbers within 1e-6, or two that are none."""
    if left is None or right is None:
        return left is right
    return abs(left - right) <= VALUE_TOLERANCE


# ---------------------------------------------------------------------------------------------
# Regions (sections 3 and 7)
# ---------------------------------------------------------------------------------------------


def label_regions(result: list[Json] | None, types: tuple[str, ...]) -> list[Json]:
    """Section 3: items that are no labels of the project are ignored, by type."""
    return [region for region in result or [] if isinstance(region, dict) and region.get("type") in types]


def value_of(region: Json) -> dict[str, Json]:
    """A region's `value`, empty when it is missing or no object."""
    value = region.get("value")
    return value if isinstance(value, dict) else {}


def labels_of(region: Json) -> list[str]:
    """The texts of `value[type]`. Reading: other items are dropped, and no list is no label."""
    labels = value_of(region).get(region["type"])
    return [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []


def bounds_of(region: Json) -> list[tuple[int | None, int | None]]:
    """Start and end of every range of a timeline region as written, None where unusable."""
    ranges = value_of(region).get("ranges")
    objects = [
        bounds if isinstance(bounds, dict) else {} for bounds in (ranges if isinstance(ranges, list) else [])
    ]
    return [(whole_number(bounds.get("start")), whole_number(bounds.get("end"))) for bounds in objects]


def rotation_of(region: Json) -> float | None:
    """Degrees. Reading: absent or null is 0; text or infinity is no number."""
    rotation = value_of(region).get("rotation")
    return 0.0 if rotation is None else finite_number(rotation)


def geometry_of(region: Json) -> list[float | None]:
    """The percent values of a point or box, and a box's rotation; None where no finite number."""
    value = value_of(region)
    numbers = [finite_number(value.get(name)) for name in COORDINATES[region["type"]]]
    return [*numbers, rotation_of(region)] if region["type"] == "rectanglelabels" else numbers


def is_rotated(rotation: float) -> bool:
    """Reading: whole turns are no rotation."""
    return rotation % 360 != 0


def is_inside(region: Json, geometry: list[float]) -> bool:
    """Sections 3 and 7: a point within 0..100 %, a box by its corners; a rotated box may stick out."""
    if region["type"] == "keypointlabels":
        return all(0 <= percent <= 100 for percent in geometry)
    x, y, width, height, rotation = geometry
    corners = [x, y] if is_rotated(rotation) else [x, y, x + width, y + height]
    return all(-BOX_SLACK_PERCENT <= percent <= 100 + BOX_SLACK_PERCENT for percent in corners)


def own_size(region: Json, name: str) -> float | None:
    """A region's `original_width` or `original_height`, usable when a finite number above 0."""
    number = finite_number(region.get(name))
    return number if number is not None and number > 0 else None


def region_size(region: Json, task: Task) -> tuple[float | None, float | None]:
    """Section 3: image size from the region, else from the task's data. Reading: per dimension."""
    return (
        own_size(region, "original_width") or task.width,
        own_size(region, "original_height") or task.height,
    )


def shape_reason(region: Json, task: Task) -> str | None:
    """Section 7: the first thing wrong with a point or box, else None."""
    labels, geometry = labels_of(region), geometry_of(region)
    if not labels:
        return "no_label"
    if len(labels) > 1:
        return "several_labels"
    if None in geometry:
        return "not_a_number"
    if not is_inside(region, geometry):
        return "out_of_bounds"
    if None in region_size(region, task):
        return "no_image_size"
    return None


@dataclass(frozen=True)
class Segment:
    """A usable timeline range, 0-based and inclusive, clipped to the video."""

    label: str
    start: int
    end: int


def range_reason(start: int | None, end: int | None, task: Task, settings: Settings) -> str | None:
    """Sections 3 and 7: the first thing wrong with a timeline range, else None."""
    if start is None:
        return "no_start"
    end = start if end is None else end
    if end < start:
        return "reversed_range"
    base = settings.timeline_frame_base
    is_past = task.n_frames is not None and start - base >= task.n_frames
    return "out_of_bounds" if end - base < 0 or is_past else None


def clipped(start: int, end: int | None, task: Task, settings: Settings) -> tuple[int, int]:
    """Sections 3 and 7: to 0-based frames, a missing end being one frame, then clipped to the video."""
    first = start - settings.timeline_frame_base
    last = (start if end is None else end) - settings.timeline_frame_base
    return max(first, 0), last if task.n_frames is None else min(last, task.n_frames - 1)


def segments_of(review: Review, settings: Settings) -> list[Segment]:
    """Section 3: the usable ranges, each once for every label."""
    return [
        Segment(label, *clipped(start, end, review.task, settings))
        for region in label_regions(review.annotation.result, LABEL_TYPES["a"])
        for start, end in bounds_of(region)
        if range_reason(start, end, review.task, settings) is None
        for label in labels_of(region)
    ]


def timeline_reasons(region: Json, task: Task, settings: Settings) -> list[str]:
    """Section 7: a reason per bad range; a region without ranges has no start.

    Reading: a region without a label has one row per range, and one if it has no range.
    """
    bounds = bounds_of(region)
    if not labels_of(region):
        return ["no_label"] * max(1, len(bounds))
    if not bounds:
        return ["no_start"]
    reasons = [range_reason(start, end, task, settings) for start, end in bounds]
    return [reason for reason in reasons if reason]


def region_reasons(region: Json, task: Task, settings: Settings) -> list[str]:
    """What to report of a region, empty when nothing is wrong."""
    if region["type"] == "timelinelabels":
        return timeline_reasons(region, task, settings)
    reason = shape_reason(region, task)
    return [reason] if reason else []


def rejected_rows(review: Review, settings: Settings) -> list[Row]:
    """Sections 3 and 7: the bad regions of a ground-truth annotation."""
    return [
        {
            "project": review.task.project,
            "task_id": review.task.task_id,
            "annotation_id": review.annotation.annotation_id,
            "region_id": region.get("id"),
            "reason": reason,
        }
        for region in label_regions(review.annotation.result, LABEL_TYPES[review.task.project])
        for reason in region_reasons(region, review.task, settings)
    ]


# ---------------------------------------------------------------------------------------------
# Copies (sections 5 and 7)
# ---------------------------------------------------------------------------------------------


def family_top(review: Review, reviews: dict[int, Review]) -> int:
    """Section 7: follow `parent_annotation` to the top, within the ground truth of the frame or video."""
    seen = [review.annotation.annotation_id]
    while reviews[seen[-1]].annotation.parent_annotation in reviews:
        parent = reviews[seen[-1]].annotation.parent_annotation
        if parent in seen:
            return min(seen[seen.index(parent) :])
        seen.append(parent)
    return seen[-1]


def independent(reviews: Iterable[Review]) -> list[Review]:
    """Sections 5 and 7: of a family of copies the latest stays, and stands for one reviewer."""
    by_id = {review.annotation.annotation_id: review for review in reviews}
    families = defaultdict(list)
    for review in by_id.values():
        families[family_top(review, by_id)].append(review)
    survivors = [max(family, key=lambda r: seniority(r.annotation)) for family in families.values()]
    return sorted(survivors, key=lambda review: review.annotation.annotation_id)


# ---------------------------------------------------------------------------------------------
# Project A (sections 4 and 7)
# ---------------------------------------------------------------------------------------------


def ramp(position: int, length: int, boundary_frames: int | None) -> Fraction:
    """Section 4: 0 at the segment's ends, 1 at its centre, or from `boundary_frames` inwards."""
    half = (length - 1) // 2
    from_end = min(position, length - 1 - position)
    if boundary_frames is not None:
        if boundary_frames == 0:
            return Fraction(1)
        half, from_end = min(half, boundary_frames), min(from_end, boundary_frames)
    return Fraction(from_end, half) if half else Fraction(0)


def frame_weight(share: Fraction, boundary_weight: float) -> float:
    """Section 4: the weight of one reviewer's frame, from the boundary's weight up to 1."""
    return boundary_weight + (1 - boundary_weight) * share.numerator / share.denominator


@dataclass(frozen=True)
class Mark:
    """That a reviewer marked a frame with a label, by the heaviest of the segments that cover it."""

    annotation_id: int
    share: Fraction
    segment: Segment


def heaviest_first(mark: Mark) -> tuple[Any, ...]:
    """Section 7: heavier first, then earlier start, then earlier end."""
    return (-mark.share, mark.segment.start, mark.segment.end)


def marks_of(review: Review, settings: Settings) -> dict[tuple[int, str], Mark]:
    """Section 4: a reviewer's mark on every frame and label; overlapping segments: the heaviest counts."""
    marks: dict[tuple[int, str], Mark] = {}
    for segment in segments_of(review, settings):
        length = segment.end - segment.start + 1
        for position in range(length):
            share = ramp(position, length, settings.boundary_frames)
            mark = Mark(review.annotation.annotation_id, share, segment)
            key = (segment.start + position, segment.label)
            marks[key] = min(marks.get(key, mark), mark, key=heaviest_first)
    return marks


def timeline_rows(reviews: list[Review], settings: Settings) -> list[Row]:
    """Section 4: the rows of one video, from its independent reviewers.

    Reading: `media` is that of the video's lowest annotation id among them (section 7).
    """
    marks = defaultdict(list)
    for review in reviews:
        for key, mark in marks_of(review, settings).items():
            marks[key].append(mark)
    task = reviews[0].task
    rows = []
    for (frame_idx, label), found in marks.items():
        heaviest = min(found, key=heaviest_first).segment
        total = sum(frame_weight(mark.share, settings.boundary_weight) for mark in found)
        rows.append(
            {
                "episode_key": task.episode_key,
                "view": task.view,
                "media": task.media,
                "frame_idx": frame_idx,
                "label": label,
                "weight": round_half_away(total / len(reviews)),
                "agreement": len(found) / len(reviews),
                "label_rank": 0,
                "reviewer_count": len(reviews),
                "segment_start": heaviest.start,
                "segment_end": heaviest.end,
                "annotation_ids": sorted(mark.annotation_id for mark in found),
            }
        )
    return ranked(rows)


def ranked(rows: list[Row]) -> list[Row]:
    """Sections 4 and 7: within a frame by rounded weight, then agreement, then label A-Z."""
    by_frame = defaultdict(list)
    for row in rows:
        by_frame[row["frame_idx"]].append(row)
    for frame in by_frame.values():
        frame.sort(key=lambda row: (-row["weight"], -row["agreement"], row["label"]))
        for rank, row in enumerate(frame, start=1):
            row["label_rank"] = rank
    return rows


# ---------------------------------------------------------------------------------------------
# Projects B and C: the labels of one review (sections 3, 5 and 7)
# ---------------------------------------------------------------------------------------------

Name = tuple[str, str]  # label, instance


@dataclass(frozen=True)
class Point:
    """A point in pixels."""

    x: float
    y: float


@dataclass(frozen=True)
class Box:
    """A box in pixels: top-left corner, size, clockwise degrees about that corner."""

    x: float
    y: float
    width: float
    height: float
    rotation: float


@dataclass(frozen=True)
class FrameLabels:
    """One review of a frame: its points and boxes by label and instance, and the image's size."""

    review: Review
    points: dict[Name, Point]
    boxes: dict[Name, Box]
    image_width: int | None
    image_height: int | None

    @property
    def annotation_id(self) -> int:
        return self.review.annotation.annotation_id

    @property
    def annotator_id(self) -> int | None:
        return self.review.annotation.annotator_id


def lent_label(region: Json, result: list[Json]) -> str:
    """Sections 5 and 7: the instance, which is the first label of the region's parent, usable or not.

    Reading: the parent is the first region with that id whose type ends in "labels".
    """
    parent_id = region.get("parentID")
    if parent_id in (None, ""):
        return ""
    for parent in result:
        if parent.get("id") == parent_id and str(parent.get("type")).endswith("labels"):
            return next(iter(labels_of(parent)), "")
    return ""


def shape_of(region: Json, task: Task) -> Point | Box:
    """Section 3: percent to pixels."""
    width, height = region_size(region, task)
    x, y, *rest = geometry_of(region)
    if region["type"] == "keypointlabels":
        return Point(x / 100 * width, y / 100 * height)
    return Box(x / 100 * width, y / 100 * height, rest[0] / 100 * width, rest[1] / 100 * height, rest[2])


def numbered(shapes: list[tuple[Name, Any]]) -> dict[Name, Any]:
    """Section 5: a label and instance that still occurs twice is numbered from left to right.

    Reading: in pixels, over usable regions only, points and boxes apart; ties by place in the result.
    """
    times = Counter(name for name, _ in shapes)
    seen: Counter[Name] = Counter()
    names = {}
    for name, shape in sorted(shapes, key=lambda found: (found[1].x, found[1].y)):
        seen[name] += 1
        label, instance = name
        names[(label, f"{instance}#{seen[name]}") if times[name] > 1 else name] = shape
    return names


def image_size(review: Review) -> tuple[float | None, float | None]:
    """Section 7: of the annotation's own regions, rejected ones too, else of the task's data.

    Reading: the first region of any type that has both a usable width and height.
    """
    for region in review.annotation.result or []:
        size = own_size(region, "original_width"), own_size(region, "original_height")
        if None not in size:
            return size
    return review.task.width, review.task.height


def frame_labels(review: Review) -> FrameLabels:
    """Sections 3 and 5: the usable labels of a review."""
    result = review.annotation.result or []
    shapes: dict[str, list[tuple[Name, Any]]] = {"keypointlabels": [], "rectanglelabels": []}
    for region in label_regions(result, LABEL_TYPES[review.task.project]):
        if shape_reason(region, review.task) is None:
            name = (labels_of(region)[0], lent_label(region, result))
            shapes[region["type"]].append((name, shape_of(region, review.task)))
    width, height = image_size(review)
    return FrameLabels(
        review=review,
        points=numbered(shapes["keypointlabels"]),
        boxes=numbered(shapes["rectanglelabels"]),
        image_width=None if width is None else round(width),
        image_height=None if height is None else round(height),
    )


# ---------------------------------------------------------------------------------------------
# Projects B and C: two reviews (sections 5 and 7)
# ---------------------------------------------------------------------------------------------

Corner = tuple[float, float]


def corners(box: Box) -> list[Corner]:
    """Section 3: the corners of a box turned about its top-left one."""
    turn = math.radians(box.rotation)
    cos, sin = math.cos(turn), math.sin(turn)
    across = (box.width * cos, box.width * sin)
    down = (-box.height * sin, box.height * cos)
    return [
        (box.x, box.y),
        (box.x + across[0], box.y + across[1]),
        (box.x + across[0] + down[0], box.y + across[1] + down[1]),
        (box.x + down[0], box.y + down[1]),
    ]


def side(start: Corner, end: Corner, point: Corner) -> float:
    """Above 0 when the point lies inside of the edge, 0 on it."""
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def clip(polygon: list[Corner], start: Corner, end: Corner) -> list[Corner]:
    """Sutherland-Hodgman: what of the polygon lies inside of one edge."""
    kept = []
    for index, here in enumerate(polygon):
        before = polygon[index - 1]
        now, then = side(start, end, here), side(start, end, before)
        if (now >= 0) != (then >= 0):
            along = then / (then - now)
            crossing = (before[0] + along * (here[0] - before[0]), before[1] + along * (here[1] - before[1]))
            kept.append(crossing)
        if now >= 0:
            kept.append(here)
    return kept


def area(polygon: list[Corner]) -> float:
    """The shoelace formula."""
    edges = zip(polygon, polygon[1:] + polygon[:1], strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in edges)) / 2


def upright_overlap(left: Box, right: Box) -> float:
    """The area two unrotated boxes share."""
    width = min(left.x + left.width, right.x + right.width) - max(left.x, right.x)
    height = min(left.y + left.height, right.y + right.height) - max(left.y, right.y)
    return max(width, 0.0) * max(height, 0.0)


def turned_overlap(left: Box, right: Box) -> float:
    """The area two boxes share, one or both rotated."""
    if not left.width * left.height * right.width * right.height:
        return 0.0
    polygon, frame = corners(left), corners(right)
    for index, end in enumerate(frame):
        polygon = clip(polygon, frame[index - 1], end)
    return area(polygon)


def iou(left: Box, right: Box) -> int:
    """Sections 5 and 7: shared area by joint area, in millionths. Reading: 0 when the joint area is 0."""
    turned = is_rotated(left.rotation) or is_rotated(right.rotation)
    shared = turned_overlap(left, right) if turned else upright_overlap(left, right)
    joint = left.width * left.height + right.width * right.height - shared
    return micro(shared / joint) if joint > 0 else 0


def disagreement(left: FrameLabels, right: FrameLabels, statistic: str) -> int | None:
    """Sections 5 and 7: the distance of two reviews in millionths of a pixel, rounded once.

    0 when neither has a point, None when they have none in common.
    """
    if not left.points and not right.points:
        return 0
    distances = [
        math.sqrt((left.points[name].x - point.x) ** 2 + (left.points[name].y - point.y) ** 2)
        for name, point in right.points.items()
        if name in left.points
    ]
    if not distances:
        return None
    if statistic == "max":
        return micro(max(distances))
    exact = [Fraction(distance) for distance in distances]
    return micro(float(median(exact) if statistic == "median" else sum(exact) / len(exact)))


@dataclass(frozen=True)
class Pair:
    """Two reviews compared."""

    disagreement_micro_px: int | None
    box_iou_micro: int | None
    unmatched_points: int
    unmatched_boxes: int
    tier: str


def worst(tiers: Iterable[str]) -> str:
    """The worst of some tiers, `hi` of none."""
    return max(tiers, key=TIERS.index, default="hi")


def points_tier(distance: int | None, settings: Settings) -> str:
    """Section 5: by distance, both bounds belonging to `med`; nothing in common is `lo`."""
    if distance is None or distance / MICRO > settings.lo_px:
        return "lo"
    return "hi" if distance / MICRO < settings.hi_px else "med"


def boxes_tier(box_iou: int | None, settings: Settings) -> str:
    """Section 5: by the smallest IoU; no box in common says nothing."""
    if box_iou is None or box_iou / MICRO >= settings.hi_iou:
        return "hi"
    return "med" if box_iou / MICRO >= settings.lo_iou else "lo"


def compare(left: FrameLabels, right: FrameLabels, settings: Settings) -> Pair:
    """Section 5: two reviews of a frame. Reading: `box_tiers: false` leaves unmatched boxes out too."""
    distance = disagreement(left, right, settings.disagreement_statistic)
    common_boxes = [iou(box, right.boxes[name]) for name, box in left.boxes.items() if name in right.boxes]
    box_iou = min(common_boxes, default=None)
    unmatched_points = len(left.points.keys() ^ right.points.keys())
    unmatched_boxes = len(left.boxes.keys() ^ right.boxes.keys())
    tiers = [points_tier(distance, settings), "med" if unmatched_points else "hi"]
    if settings.box_tiers:
        tiers += [boxes_tier(box_iou, settings), "med" if unmatched_boxes else "hi"]
    return Pair(distance, box_iou, unmatched_points, unmatched_boxes, worst(tiers))


# ---------------------------------------------------------------------------------------------
# Projects B and C: the reviews of one frame (sections 5 and 7)
# ---------------------------------------------------------------------------------------------

Pairs = dict[frozenset[int], Pair]
Records = dict[Hashable, Fraction]


def pairs_of(frame: list[FrameLabels], settings: Settings) -> Pairs:
    """All pairs of a frame's reviews, by their annotation ids."""
    return {
        frozenset((left.annotation_id, right.annotation_id)): compare(left, right, settings)
        for left, right in combinations(frame, 2)
    }


def track_records(frames: Iterable[tuple[list[FrameLabels], Pairs]]) -> Records:
    """Section 5: each person's median distance over all pairs of the project they are in."""
    distances = defaultdict(list)
    for frame, pairs in frames:
        for labels in frame:
            for ids, pair in pairs.items():
                if labels.annotation_id in ids and pair.disagreement_micro_px is not None:
                    distances[identity(labels.review.annotation)].append(Fraction(pair.disagreement_micro_px))
    return {who: median(found) for who, found in distances.items()}


def best_record_first(labels: FrameLabels, records: Records) -> tuple[Any, ...]:
    """Section 5: the smaller record first, none last, then the lowest annotation id."""
    record = records.get(identity(labels.review.annotation))
    return (record is None, record or 0, labels.annotation_id)


def find_medoid(frame: list[FrameLabels], pairs: Pairs, records: Records) -> FrameLabels:
    """Section 5: the smallest sum of distances to the others; ties by record, then id."""

    def distance_sum(labels: FrameLabels) -> int:
        distances = [pair.disagreement_micro_px for ids, pair in pairs.items() if labels.annotation_id in ids]
        return sum(FAR_APART_MICRO_PX if distance is None else distance for distance in distances)

    return min(frame, key=lambda labels: (distance_sum(labels), best_record_first(labels, records)))


@dataclass(frozen=True)
class Verdict:
    """What the reviews of a frame come to."""

    tier: str
    medoid: FrameLabels
    members: list[FrameLabels]
    outlier_count: int
    disagreement_px: float | None
    box_iou: float | None
    unmatched_points: int
    unmatched_boxes: int

    @property
    def needs_spot_check(self) -> bool:
        """Section 5."""
        return self.tier == "med" or self.outlier_count > 0


def in_units(micros: Iterable[int | None], pick: Any) -> float | None:
    """The largest or smallest of the known numbers, back in whole units."""
    known = [value for value in micros if value is not None]
    return pick(known) / MICRO if known else None


def judge(frame: list[FrameLabels], pairs: Pairs, records: Records) -> Verdict:
    """Sections 5 and 7: consensus of the frame's reviewers, or `lo`, or a single review."""
    medoid = find_medoid(frame, pairs, records)
    with_medoid = {
        labels.annotation_id: pairs[frozenset((labels.annotation_id, medoid.annotation_id))]
        for labels in frame
        if labels is not medoid
    }
    members = [
        labels for labels in frame if labels is medoid or with_medoid[labels.annotation_id].tier != "lo"
    ]
    agreed = 2 * len(members) > len(frame)
    decisive = [
        pair for other, pair in with_medoid.items() if other in {labels.annotation_id for labels in members}
    ]
    if not agreed:
        decisive = list(pairs.values())
    tier = worst(pair.tier for pair in decisive) if agreed else "lo"
    return Verdict(
        tier="single" if len(frame) == 1 else tier,
        medoid=medoid,
        members=members if agreed else [],
        outlier_count=len(frame) - len(members) if agreed else 0,
        disagreement_px=in_units((pair.disagreement_micro_px for pair in decisive), max),
        box_iou=in_units((pair.box_iou_micro for pair in decisive), min),
        unmatched_points=max((pair.unmatched_points for pair in decisive), default=0),
        unmatched_boxes=max((pair.unmatched_boxes for pair in decisive), default=0),
    )


# ---------------------------------------------------------------------------------------------
# Projects B and C: samples (sections 5 and 7)
# ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """A published row's own part: one review's labels, or the mean of some."""

    behind: list[FrameLabels]
    label_source: str
    points: dict[Name, Point]
    boxes: dict[Name, Box]


def plain_sample(labels: FrameLabels) -> Sample:
    """A review as it is."""
    return Sample([labels], labels.review.label_source, labels.points, labels.boxes)


def mean(values: Iterable[float]) -> float:
    """The mean, summed exactly."""
    found = [Fraction(value) for value in values]
    return float(sum(found) / len(found))


def mean_point(found: list[Point]) -> Point:
    """Section 5, `average`."""
    return Point(mean(point.x for point in found), mean(point.y for point in found))


def mean_box(found: list[Box]) -> Box:
    """Section 5, `average`. Reading: the mean of unrotated boxes has rotation 0."""
    sides = [mean(getattr(box, name) for box in found) for name in ("x", "y", "width", "height")]
    return Box(*sides, 0.0)


def averaged_box(name: Name, members: list[FrameLabels], medoid: FrameLabels) -> Box:
    """Section 7: the mean; if a member rotated it, the medoid's, else the lowest annotation id's."""
    found = [labels.boxes[name] for labels in members if name in labels.boxes]
    if any(is_rotated(box.rotation) for box in found):
        return medoid.boxes.get(name, found[0])
    return mean_box(found)


def averaged_sample(members: list[FrameLabels], medoid: FrameLabels) -> Sample:
    """Section 7, `average`: what any member has, over those who have it; members in order of id."""
    point_names = {name for labels in members for name in labels.points}
    box_names = {name for labels in members for name in labels.boxes}
    return Sample(
        behind=members,
        label_source="averaged",
        points={
            name: mean_point([labels.points[name] for labels in members if name in labels.points])
            for name in point_names
        },
        boxes={name: averaged_box(name, members, medoid) for name in box_names},
    )


def samples_of(verdict: Verdict, records: Records, settings: Settings) -> list[Sample]:
    """Section 5: all members of a `hi` frame or their mean, one of a `med` frame, the `single` one."""
    if verdict.tier == "hi" and settings.hi_samples == "average":
        return [averaged_sample(verdict.members, verdict.medoid)]
    if verdict.tier == "med":
        best = min(verdict.members, key=lambda labels: best_record_first(labels, records))
        return [plain_sample(best)]
    return [plain_sample(labels) for labels in verdict.members]


def keypoint_structs(points: dict[Name, Point]) -> list[Row]:
    """Section 5: ordered by label, instance."""
    return [
        {"label": label, "instance": instance, "x": point.x, "y": point.y}
        for (label, instance), point in sorted(points.items(), key=lambda found: found[0])
    ]


def box_structs(boxes: dict[Name, Box]) -> list[Row]:
    """Section 5: ordered by label, instance."""
    return [
        {
            "label": label,
            "instance": instance,
            "x": box.x,
            "y": box.y,
            "width": box.width,
            "height": box.height,
            "rotation": box.rotation,
        }
        for (label, instance), box in sorted(boxes.items(), key=lambda found: found[0])
    ]


def sample_row(sample: Sample, verdict: Verdict, reviewer_count: int) -> Row:
    """Section 5: a row of `training_set_b` or `training_set_c`; place and size of the lowest id."""
    first = sample.behind[0]
    return {
        "episode_key": first.review.task.episode_key,
        "view": first.review.task.view,
        "media": first.review.task.media,
        "frame_idx": first.review.task.frame_idx,
        "image_width": first.image_width,
        "image_height": first.image_height,
        "quality_tier": verdict.tier,
        "needs_spot_check": verdict.needs_spot_check,
        "disagreement_px": verdict.disagreement_px,
        "reviewer_count": reviewer_count,
        "annotation_ids": [labels.annotation_id for labels in sample.behind],
        "annotator_ids": [labels.annotator_id for labels in sample.behind],
        "label_source": sample.label_source,
        "keypoints": keypoint_structs(sample.points),
        "boxes": box_structs(sample.boxes),
    }


def frame_row(frame: list[FrameLabels], verdict: Verdict, samples: list[Sample]) -> Row:
    """Section 5: a row of `frame_reviews`. Reading: `media` of the lowest id among the reviewers."""
    task = frame[0].review.task
    return {
        "project": task.project,
        "episode_key": task.episode_key,
        "view": task.view,
        "frame_idx": task.frame_idx,
        "media": task.media,
        "reviewer_count": len(frame),
        "quality_tier": verdict.tier,
        "disagreement_px": verdict.disagreement_px,
        "box_iou": verdict.box_iou,
        "unmatched_points": verdict.unmatched_points,
        "unmatched_boxes": verdict.unmatched_boxes,
        "outlier_count": verdict.outlier_count,
        "needs_spot_check": verdict.needs_spot_check,
        "kept_annotation_ids": sorted(labels.annotation_id for sample in samples for labels in sample.behind),
    }


def project_frames(groups: list[list[Review]], settings: Settings) -> tuple[list[Row], list[Row]]:
    """Section 5: the rows of `frame_reviews` and of the training set, for all frames of B or of C."""
    frames = [[frame_labels(review) for review in reviews] for reviews in groups]
    compared = [(frame, pairs_of(frame, settings)) for frame in frames]
    records = track_records(compared)
    frame_rows, sample_rows = [], []
    for frame, pairs in compared:
        verdict = judge(frame, pairs, records)
        samples = samples_of(verdict, records, settings)
        frame_rows.append(frame_row(frame, verdict, samples))
        sample_rows += [sample_row(sample, verdict, len(frame)) for sample in samples]
    return frame_rows, sample_rows


# ---------------------------------------------------------------------------------------------
# All of it
# ---------------------------------------------------------------------------------------------


def verdict_row(task: Task, kind: str, its_id: int, reason: str | None) -> Row:
    """Section 2: a row of `annotation_verdicts`; a draft or a prediction has nothing to add."""
    return {
        "project": task.project,
        "task_id": task.task_id,
        "kind": kind,
        "annotation_id": its_id,
        "annotator_id": None,
        "submitted_at": None,
        "label_source": None,
        "is_ground_truth": reason is None,
        "exclusion_reason": reason,
    }


def annotation_row(task: Task, annotation: Annotation, reason: str | None) -> Row:
    """Section 2: `submitted_at` is null for a bulk copy and an import, kept or not."""
    submitted = not (is_bulk_copy(annotation) or is_import(annotation))
    return verdict_row(task, "annotation", annotation.annotation_id, reason) | {
        "annotator_id": annotation.annotator_id,
        "submitted_at": annotation.created_at if submitted else None,
        "label_source": label_source(annotation, task),
    }


def its_id(entry: Json) -> int:
    """A draft or a prediction is an object or a bare id, even within one file."""
    return entry["id"] if isinstance(entry, dict) else entry


def verdicts(tasks: list[Task], settings: Settings) -> tuple[list[Row], list[Review]]:
    """Section 2: a row for every annotation, draft and prediction, and the ground truth among them."""
    reasons = {
        (task.project, annotation.annotation_id): exclusion_reason(annotation, task, settings)
        for task in tasks
        for annotation in task.annotations
    }
    candidates = [
        (task, annotation)
        for task in tasks
        for annotation in task.annotations
        if reasons[task.project, annotation.annotation_id] is None
    ]
    reasons |= dict.fromkeys(superseded_ids(candidates), "superseded")
    rows, ground_truth = [], []
    for task in tasks:
        for annotation in task.annotations:
            reason = reasons[task.project, annotation.annotation_id]
            row = annotation_row(task, annotation, reason)
            rows.append(row)
            if reason is None:
                ground_truth.append(Review(task, annotation, row["label_source"]))
        rows += [verdict_row(task, "draft", its_id(d), "draft") for d in task.raw.get("drafts") or []]
        rows += [
            verdict_row(task, "prediction", its_id(p), "prediction")
            for p in task.raw.get("predictions") or []
        ]
    return rows, ground_truth


def grouped(ground_truth: list[Review], project: str) -> list[list[Review]]:
    """Sections 3 and 5: the independent reviews of each frame or video of a project."""
    groups = defaultdict(list)
    for review in ground_truth:
        if review.task.project == project:
            groups[place_key(review.task)].append(review)
    return [independent(reviews) for reviews in groups.values()]


def harvest(exports: Sequence[tuple[str, Path]], **settings: Any) -> Reference:
    """Everything the contract promises for some exports, given as (project letter, file)."""
    chosen = replace(Settings(), **settings)
    tasks = [read_task(*copy, chosen) for copy in newest_copies(exports)]
    rows, ground_truth = verdicts(tasks, chosen)
    frames_b, samples_b = project_frames(grouped(ground_truth, "b"), chosen)
    frames_c, samples_c = project_frames(grouped(ground_truth, "c"), chosen)
    return Reference(
        annotation_verdicts=rows,
        rejected_regions=[row for review in ground_truth for row in rejected_rows(review, chosen)],
        frame_reviews=frames_b + frames_c,
        training_set_a=[row for r in grouped(ground_truth, "a") for row in timeline_rows(r, chosen)],
        training_set_b=samples_b,
        training_set_c=samples_c,
    )
