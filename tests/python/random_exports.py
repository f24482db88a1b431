"""Random Label Studio exports that visit every corner of the contract.

`random_exports(seed)` is a pure function of its seed: a dict of relative path -> JSON document, with
folders `a`, `b`, `c` and their `project.json`; `write_exports` puts them on disk. Places, people, times
and offsets are drawn from few values, so that reviews meet, records tie and thresholds are hit exactly.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

Json = Any
Documents = dict[str, Json]

TOO_LARGE = "@too large@"  # becomes the token 1e999, which json.dumps has no spelling for

EPISODES = ("01_001", "01_002", "12_345")
FRAMES = (0, 7, 423)
PEOPLE = (2, 3, 4, 5, 6)
ACTIONS = ("approach", "grasp", "抓取/перенос «déplacer» 🤖", 'l\'"étape"')
POINTS = ("wrist", "thumb_tip", "手腕", 'l\'"index"')
BOXES = ("operated_object", "目标")
IMAGE_SIZES = ((400, 200), (640, 480), (300, 300), (1000, 500))
VIDEO_LENGTHS = (24, 41, 60)

# Moves in pixels; with the default thresholds: none, hi, exactly 5, just around 5, med, exactly 20,
# just around 20, lo.
STILL = (0.0, 0.0)
SMALL_MOVES = ((1.0, 0.0), (0.0, -2.0), (1.0, 2.0), (-3.0, 1.0))
FIVE_MOVES = (
    (3.0, 4.0),
    (5.0, 0.0),
    (0.0, -5.0),
    (-4.0, 3.0),
    (4.9999994, 0.0),
    (4.9999996, 0.0),
    (5.000002, 0.0),
)
MEDIUM_MOVES = ((6.0, 8.0), (0.0, 10.0), (-11.0, 2.0))
TWENTY_MOVES = ((12.0, 16.0), (20.0, 0.0), (0.0, 20.0), (-16.0, 12.0), (20.0000004, 0.0), (20.000002, 0.0))
LARGE_MOVES = ((0.0, 28.0), (30.0, 0.0), (-40.0, 3.0))

# Boxes of 45 x 30 px moved so that the IoU comes out at 1, 0.8, 0.5, or next to those.
BOX_MOVES = (
    (5.0, 0.0),
    (5.0, 0.0),
    (5.0, 0.0),
    (-5.0, 0.0),
    (-5.0, 0.0),
    (15.0, 0.0),
    (0.0, 10.0),
    (4.9, 0.0),
    (15.1, 0.0),
    (45.0, 0.0),
    (2.0, 3.0),
)
UPRIGHT = (0, 0, 0, 0.0, None, 360, -360)
ROTATIONS = (*UPRIGHT, 30, 30, 90, 45.5, -60, 750)

EDITS = (
    *("by a hair", "by a hair", "slightly", "dot size", "label", "drop", "add", "choice", "size"),
    *("boxes aside", "boxes aside"),
)

NO_NUMBERS = ("12.5", None, float("nan"), float("inf"), TOO_LARGE, True, [], {})
OUT_OF_BOUNDS = (-2e-6, -3, 100.000002, 101, 1e300, -1e15)
JUST_INSIDE = (0, 100, 0.0, 100.0, -5e-7, 100.0000005, 0, 100)  # a box by its slack

PROJECT_SETTINGS = (
    {"maximum_annotations": 1, "overlap_cohort_percentage": 100, "skip_queue": "REQUEUE_FOR_OTHERS"},
    {"maximum_annotations": 3, "overlap_cohort_percentage": 100, "skip_queue": "IGNORE_SKIPPED"},
    {"maximum_annotations": 2, "overlap_cohort_percentage": 100, "skip_queue": "IGNORE_SKIPPED"},
    {"maximum_annotations": 2, "overlap_cohort_percentage": 100.0, "skip_queue": "REQUEUE_FOR_ME"},
    {"maximum_annotations": 3, "overlap_cohort_percentage": 50, "skip_queue": None},
    {"maximum_annotations": None, "overlap_cohort_percentage": 100},
    {"maximum_annotations": 2, "overlap_cohort_percentage": 100, "skip_queue": "IGNORE_SKIPPED"},
    {"maximum_annotations": 2},
    None,
)


def write_exports(documents: Documents, root: Path, seed: int = 0) -> list[tuple[str, Path]]:
    """Write the documents under a folder; returns the exports as (project letter, file)."""
    rng = random.Random(seed)
    exports = []
    for name, document in documents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(as_text(document, rng), encoding="utf-8")
        if path.name != "project.json":
            exports.append((name[0], path))
    return exports


def as_text(document: Json, rng: random.Random) -> str:
    """JSON in one of the spellings that exports come in: escapes, slashes, indents, odd numbers."""
    text = json.dumps(document, ensure_ascii=rng.random() < 0.5, indent=rng.choice((None, None, None, 1)))
    if rng.random() < 0.3:
        text = text.replace("/", "\\/")
    return text.replace(json.dumps(TOO_LARGE), "1e999")


def random_exports(seed: int, tasks: int = 32, letters: str = "abc") -> Documents:
    """Exports of some tasks per project, in one or two folders per project, with re-exports."""
    maker = Maker(random.Random(seed))
    documents: Documents = {}
    one_server = maker.chance(0.5)
    for letter in letters:
        if not one_server:
            maker.last_id = 0
        documents |= maker.project(letter, tasks)
    return documents


def label_config(letter: str, media_key: str) -> str:
    """A label config that says where the media is, with a header that must not be taken for it."""
    tag = "Video" if letter == "a" else "Image"
    return (
        f'<View><Header value="$episode_key"/><{tag} name="media" value="${media_key}"/>'
        '<Labels name="l" toName="media"><Label value="a &amp; b"/></Labels></View>'
    )


def clock(second: int, microsecond: int | None) -> str:
    """A time as Label Studio writes it, with or without a fraction."""
    fraction = "" if microsecond is None else f".{microsecond:06d}"
    return f"2026-11-21T01:20:{second:02d}{fraction}Z"


class Maker:
    """Draws the parts of an export; remembers the ids it gave away."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.last_id = rng.choice((0, 0, 3_000_000_000))
        self.given: list[tuple[str, Json, int]] = []  # letter, place, annotation id: to be copied from
        self.truths: dict[Json, tuple[int, int]] = {}

    def chance(self, probability: float) -> bool:
        return self.rng.random() < probability

    def pick(self, options: Sequence[Any]) -> Any:
        return self.rng.choice(options)

    def next_id(self) -> int:
        self.last_id += self.rng.randint(1, 3)
        return self.last_id

    def time(self) -> str:
        """One of few moments, so that the latest is often a tie."""
        return clock(self.rng.randint(0, 4), self.pick((None, 0, 500000, 565688)))

    def forget_some(self, document: dict[str, Json], keys: Sequence[str], probability: float) -> None:
        """Drop optional keys, as older versions of Label Studio do not have them."""
        for key in keys:
            if self.chance(probability):
                document.pop(key, None)

    # -- files ----------------------------------------------------------------------------------

    def project(self, letter: str, count: int) -> Documents:
        """One or two folders of a project, with files that share some tasks."""
        documents: Documents = {}
        folders = [letter, f"{letter}/batch_2"][: self.rng.randint(1, 2)]
        standard_key = "video" if letter == "a" else "image"
        every_task: list[tuple[str, Json]] = []
        for folder in folders:
            settings = self.pick(PROJECT_SETTINGS)
            media_key = standard_key
            if settings is not None:
                media_key = self.pick((standard_key, "src"))
                config = {} if media_key == standard_key and self.chance(0.5) else {"label_config": ""}
                if config:
                    config["label_config"] = label_config(letter, media_key)
                documents[f"{folder}/project.json"] = {"id": 1, "title": "x", **settings, **config}
            tasks = [self.task(letter, media_key) for _ in range(max(1, count // len(folders)))]
            every_task += [(f"{folder}/project-{letter}.json", task) for task in tasks]
            documents[f"{folder}/project-{letter}.json"] = self.file_of(tasks)
            copies = [self.copy_of(task) for task in tasks if self.chance(0.2)]
            if copies:
                documents[f"{folder}/{self.pick(('early', 're_export'))}.json"] = self.file_of(copies)
        return documents

    def file_of(self, tasks: list[Json]) -> Json:
        """An export is a list, or a saved answer of the tasks API."""
        self.rng.shuffle(tasks)
        return tasks if self.chance(0.8) else {"total": len(tasks), "tasks": tasks}

    def copy_of(self, task: Json) -> Json:
        """The same task in another export: earlier, later or at the same time, and with other content."""
        copy = json.loads(json.dumps(task))
        task.setdefault("updated_at", clock(30, 0))
        copy["updated_at"] = self.pick(
            (clock(1, None), clock(30, 0), clock(59, 999999), task["updated_at"], None)
        )
        if copy["annotations"] and self.chance(0.5):
            copy["annotations"].pop()
        if copy["annotations"] and self.chance(0.5):
            copy["annotations"][0]["was_cancelled"] = not copy["annotations"][0].get("was_cancelled")
        return copy

    # -- tasks ----------------------------------------------------------------------------------

    def task(self, letter: str, media_key: str) -> Json:
        """A task somewhere in few episodes and frames, with all that people and models did to it."""
        place = (letter, self.pick(EPISODES), self.pick(("ego", "exo")))
        if letter != "a":
            place = (*place, self.pick(FRAMES))
        truth = self.truth(place)
        data = self.data(place, media_key, truth)
        predictions = [self.prediction(place, truth) for _ in range(self.pick((0, 0, 1, 1, 2)))]
        task_id = self.next_id()
        annotations = [
            self.annotation(place, truth, predictions) for _ in range(self.pick((0, 1, 1, 1, 2, 2, 3, 4)))
        ]
        if self.chance(0.9):
            annotations = [a for i, a in enumerate(annotations) if not a["was_cancelled"] or i % 3 == 2]
        full_predictions, full_drafts = self.chance(0.6), self.chance(0.6)
        drafts = [
            {"id": self.next_id(), "user": "o'alice@example.org", "result": [], "created_at": self.time()}
            for _ in range(self.pick((0, 0, 0, 1, 2)))
        ]
        task = {
            "id": task_id,
            "annotations": [self.spell(annotation) for annotation in annotations],
            "drafts": [draft if full_drafts or self.chance(0.1) else draft["id"] for draft in drafts],
            "predictions": [p if full_predictions or self.chance(0.1) else p["id"] for p in predictions],
            "data": data,
            "meta": self.pick(({}, None)),
            "created_at": self.time(),
            "updated_at": clock(self.rng.randint(10, 40), self.pick((None, 7, 130000))),
            "total_annotations": len(annotations),
            "file_upload": None,
            "project": 1,
        }
        if self.chance(0.15):
            task["is_labeled"] = self.pick((True, True, False, None))
        if self.chance(0.15):
            task["overlap"] = self.pick((1, 1, 2, 3, None))
        self.forget_some(task, ("drafts", "predictions", "meta", "updated_at", "total_annotations"), 0.05)
        return task

    def spell(self, annotation: Json) -> Json:
        """Older versions lack keys; a missing `was_cancelled` stays when it says something."""
        self.forget_some(
            annotation,
            (
                "prediction",
                "import_id",
                "last_action",
                "parent_prediction",
                "parent_annotation",
                "updated_at",
                "created_at",
                "result_count",
                "lead_time",
                "updated_by",
                "completed_by",
                "ground_truth",
            ),
            0.03,
        )
        if not annotation["was_cancelled"] and self.chance(0.1):
            del annotation["was_cancelled"]
        return annotation

    def truth(self, place: Json) -> tuple[int, int]:
        """The image's size, or a video's length twice: the same for all tasks of a place."""
        if place not in self.truths:
            length = self.pick(VIDEO_LENGTHS)
            self.truths[place] = (length, length) if place[0] == "a" else self.pick(IMAGE_SIZES)
        return self.truths[place]

    def data(self, place: Json, media_key: str, truth: tuple[int, int]) -> Json:
        """A task's data: keys said outright, left to the path, missing, empty, or all at once."""
        letter, episode, view, *frame = place
        path = (
            f"videos/{episode}_{view}.mp4"
            if letter == "a"
            else f"frames/{episode}_{view}_f{frame[0]:06d}.jpg"
        )
        told, in_path = self.chance(0.6), True
        if told and self.chance(0.3):
            path = self.pick(
                ("frames/x.png", "frames/12_345_exo_f000001_f000002.png", "кадр 1/x 01_999_ego.png")
            )
            in_path = False
        if not told and self.chance(0.15):
            path = self.pick(
                (
                    "frames/none_f000007.png",
                    "x/01_001_ego.png",
                    "x/01_001_side_f000007.png",
                    "01_002_ego/01_001_exo_f000007_f000423.png",
                )
            )
        data: dict[str, Json] = {media_key: self.media(path)}
        if told:
            data |= {"episode_key": episode, "view": view}
            if frame:
                data["frame_idx"] = self.pick(
                    (frame[0], frame[0], float(frame[0]), str(frame[0]), f"{frame[0]}.0")
                )
                if in_path and self.chance(0.05):
                    data["frame_idx"] = self.pick(("soon", 7.5, "", None, [], True))
            self.forget_some(data, ("episode_key", "view", "frame_idx"), 0.15 if in_path else 0.05)
            if self.chance(0.1):
                data["view"] = self.pick(("", None))
        if self.chance(0.06):
            data[media_key] = self.pick(("", None))
            if self.chance(0.5):
                del data[media_key]
        if letter == "a" and self.chance(0.8):
            length = truth[0]
            data["n_frames"] = self.pick(
                (length, length, length, float(length), f"{length}.0", None, 0, "", "long", 41.5)
            )
        if letter != "a" and self.chance(0.8):
            data |= {"width": truth[0], "height": self.pick((truth[1], str(truth[1]), float(truth[1])))}
            self.forget_some(data, ("width", "height"), 0.05)
            if self.chance(0.05):
                data["width"] = self.pick((0, -5, "", None, "wide", f"{truth[0]}.0", [], True))
        return data

    def media(self, path: str) -> str:
        """A path in one of the spellings that Label Studio stores."""
        folder, _, name = path.rpartition("/")
        return self.pick(
            (
                f"/data/local-files/?d={path}",
                f"/data/local-files/?d={quote(path, safe='')}",
                f"http://localhost:8080/data/local-files/?d={quote(path, safe='')}",
                f"/data/upload/6/d868cf6f-{quote(name)}",
                f"/data/upload/6/{name}",
                f"/data/other/6/0123abcd-{name}",
                f"s3://robot-data/{path}",
                f"s3://robot-data/{quote(path)}",
                f"https://example.org/{quote(folder, safe='')}%2F{quote(name)}",
                path,
                f"/data/local-files/?d=a%2520b+c/{path}",
                f"/data/local-files/?d=100%/%ff/{path}",
            )
        )

    # -- annotations ----------------------------------------------------------------------------

    def prediction(self, place: Json, truth: tuple[int, int]) -> Json:
        """The model's output: the place's truth, at times with nothing in it."""
        result = self.result(place, truth, still=True)
        if self.chance(0.1):
            result = self.pick(([], None))
        return {
            "id": self.next_id(),
            "result": result,
            "model_version": "pose-v1",
            "score": self.pick((0.87, None)),
            "created_at": self.time(),
        }

    def annotation(self, place: Json, truth: tuple[int, int], predictions: list[Json]) -> Json:
        """What a person, a script, an import or a bulk action left behind."""
        annotation = {
            "id": self.next_id(),
            "completed_by": self.person(),
            "result": self.result(place, truth),
            "was_cancelled": False,
            "ground_truth": self.chance(0.1),
            "created_at": self.time(),
            "updated_at": self.time(),
            "lead_time": self.pick((12.34, 12.34, 0)),
            "prediction": self.pick(({}, {}, None)),
            "import_id": None,
            "last_action": None,
            "updated_by": self.pick(PEOPLE),
            "parent_prediction": None,
            "parent_annotation": self.parent(place),
        }
        if predictions and self.chance(0.7):
            self.start_from(annotation, self.pick(predictions), place, truth)
        annotation["result_count"] = len(annotation["result"] or [])
        self.happen_to(annotation, predictions)
        self.given.append((place[0], place, annotation["id"]))
        return annotation

    def person(self) -> Json:
        """A number, an object, or null for a deleted account."""
        if self.chance(0.06):
            return None
        account = self.pick(PEOPLE)
        return account if self.chance(0.7) else {"id": account, "email": "o'alice@example.org"}

    def parent(self, place: Json) -> int | None:
        """At times an earlier annotation, mostly of the same place."""
        if not self.chance(0.25):
            return None
        near = [its_id for letter, where, its_id in self.given if where == place]
        far = [its_id for letter, where, its_id in self.given if letter == place[0]]
        options = near if near and self.chance(0.85) else far
        return self.pick(options[-2:]) if options else 999_999

    def start_from(self, annotation: Json, prediction: Json, place: Json, truth: tuple[int, int]) -> None:
        """Keep, edit or redraw a prediction; the file knows it whole, by its id, or not at all."""
        result = json.loads(json.dumps(prediction["result"]))
        if result is not None and self.chance(0.8):
            annotation["result"] = self.edited(result, place, truth)
        elif result is None and self.chance(0.5):
            annotation["result"] = []
        state = self.pick(("embedded", "embedded", "embedded only", "parent", "parent"))
        if state != "embedded only":
            annotation["parent_prediction"] = prediction["id"]
        if state != "parent":
            annotation["prediction"] = json.loads(json.dumps(prediction))

    def edited(self, result: list[Json], place: Json, truth: tuple[int, int]) -> list[Json]:
        """A predicted result after a person looked at it."""
        for region in result:
            region["origin"] = self.pick(("prediction", "prediction", "manual", "prediction-changed"))
        what = self.pick(("nothing",) * 5 + EDITS)
        region = self.pick(result) if result else None
        if what == "add":
            result.append(self.region(place, truth, STILL, "added"))
        elif what == "choice":
            result.append(self.choice_item())
        elif what == "boxes aside":
            self.move_boxes_aside(result)
        elif region is not None:
            self.edit_region(region, what, result)
        return result

    def edit_region(self, region: Json, what: str, result: list[Json]) -> None:
        """One edit of one predicted region."""
        value = region.get("value")
        if what == "drop":
            result.remove(region)
        elif what == "size":
            region["original_width"] = 500
        elif not isinstance(value, dict):
            return
        elif what == "label" and region["type"] in value:
            value[region["type"]] = ["relabelled"]
        elif what == "dot size" and region["type"] == "keypointlabels":
            value["width"] = 0.7
        elif what in ("by a hair", "slightly"):
            step = 4e-7 if what == "by a hair" else 3e-6
            key = self.pick(("x", "y"))
            if type(value.get(key)) is float and abs(value[key]) < 1e6:
                value[key] += step
            if what == "slightly" and type(value.get("ranges")) is list:
                self.move_starts(value["ranges"])

    def move_starts(self, ranges: list[Json]) -> None:
        for bounds in ranges:
            if isinstance(bounds, dict) and type(bounds.get("start")) is int:
                bounds["start"] += 1

    def move_boxes_aside(self, result: list[Json]) -> None:
        """By 5 px, which leaves an upright box of 45 px an IoU of 0.8."""
        for region in result:
            value, width = region.get("value"), region.get("original_width")
            is_box = region["type"] == "rectanglelabels" and isinstance(value, dict)
            if is_box and type(value.get("x")) is float and type(width) is int and width > 0:
                value["x"] += 500 / width

    def happen_to(self, annotation: Json, predictions: list[Json]) -> None:
        """At times something other than a plain submission."""
        while self.chance(0.25):
            self.EVENTS[self.pick(tuple(self.EVENTS))](self, annotation, predictions)

    def be_cancelled(self, annotation: Json, predictions: list[Json]) -> None:
        annotation["was_cancelled"] = True
        annotation["result"] = self.pick((annotation["result"], [], None, None))
        annotation["result_count"] = len(annotation["result"] or [])

    def be_bulk_copied(self, annotation: Json, predictions: list[Json]) -> None:
        if not predictions or not predictions[0]["result"]:
            return
        annotation |= {
            "result": json.loads(json.dumps(predictions[0]["result"])),
            "result_count": self.pick((0, None)),
            "updated_by": None,
            "lead_time": None,
            "prediction": {},
            "parent_prediction": predictions[0]["id"],
        }
        if self.chance(0.35):  # not quite the signature
            annotation |= self.pick(
                ({"updated_by": 2}, {"lead_time": 0}, {"result_count": 1}, {"result": []})
            )

    def be_imported(self, annotation: Json, predictions: list[Json]) -> None:
        if self.chance(0.5):
            annotation["import_id"] = self.pick((990001, 990001, 0))
            return
        annotation |= {"result_count": 0, "updated_by": None, "lead_time": None, "parent_prediction": None}
        annotation["was_cancelled"] = self.chance(0.3)

    def be_reviewed(self, annotation: Json, predictions: list[Json]) -> None:
        seconds = self.rng.sample(range(50), self.rng.randint(0, 3))
        annotation["reviews"] = [
            {"accepted": self.chance(0.6), "created_by": 1, "created_at": clock(second, self.pick((None, 5)))}
            for second in seconds
        ]

    def be_acted_on(self, annotation: Json, predictions: list[Json]) -> None:
        annotation["last_action"] = self.pick(("rejected", "accepted", "updated", "submitted"))

    def lose_result(self, annotation: Json, predictions: list[Json]) -> None:
        annotation["result"] = None
        annotation["result_count"] = self.pick((0, None))

    def be_empty(self, annotation: Json, predictions: list[Json]) -> None:
        annotation["result"] = []
        annotation["result_count"] = 0

    EVENTS: ClassVar[dict[str, Callable[[Maker, Json, list[Json]], None]]] = {
        "cancelled": be_cancelled,
        "cancelled again": be_cancelled,
        "bulk copied": be_bulk_copied,
        "bulk copied again": be_bulk_copied,
        "imported": be_imported,
        "reviewed": be_reviewed,
        "acted on": be_acted_on,
        "no result": lose_result,
        "empty": be_empty,
    }

    # -- results --------------------------------------------------------------------------------

    def result(self, place: Json, truth: tuple[int, int], still: bool = False) -> list[Json]:
        """A whole result: label regions of the place, mostly good, and items that are no labels."""
        if place[0] == "a":
            regions = [self.timeline_region(truth[0], f"s{i}") for i in range(self.rng.randint(0, 4))]
        else:
            regions = self.frame_regions(place, truth, still)
        if self.chance(0.15 if still or place[0] == "a" else 0.03):
            regions.append(self.region(place, truth, STILL, self.pick(("k0", "s0", "x0"))))
        if regions and self.chance(0.12):
            self.spoil(self.pick(regions), place[0])
        if self.chance(0.2):
            regions.insert(self.pick((0, len(regions))), self.other_item(place[0]))
        if self.chance(0.1):
            self.rng.shuffle(regions)
        return regions

    def frame_regions(self, place: Json, truth: tuple[int, int], still: bool) -> list[Json]:
        """The place's points and boxes, moved as a person would, some with a parent, some missing."""
        only_boxes = place[0] == "b" and self.chance(0.4)
        move = STILL if still or only_boxes else self.move()
        one = self.rng.randrange(len(POINTS)) if self.chance(0.3) else None
        count = 2 + (place[3] % 3)
        regions = []
        for index in range(count):
            if not still and self.chance(0.03):
                continue
            moved = move if one in (None, index) else STILL
            regions.append(self.point_region(index, truth, moved, f"k{index}"))
        if self.chance(0.03):
            regions = []
        if self.chance(0.04) and regions:
            beside = self.pick((STILL, (0.0, 2.0), (0.0, -2.0), (-1.0, 1.0)))
            regions.append(self.point_region(0, truth, (move[0] + beside[0], move[1] + beside[1]), "k9"))
        if place[0] == "b" or self.chance(0.03):
            regions += self.box_regions(place, truth, only_boxes and not still)
        parents = ["b0", "b1", "k0", "poly", "gone", "", None]
        for region in regions:
            if (place[3] == 7 and region["id"] == "k1") or self.chance(0.02):
                region["parentID"] = "b0" if self.chance(0.8) else self.pick(parents)
        return regions

    def move(self) -> tuple[float, float]:
        """How far off a person was, all points alike."""
        kind = self.pick((0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5))
        return self.pick(((STILL,), SMALL_MOVES, FIVE_MOVES, MEDIUM_MOVES, TWENTY_MOVES, LARGE_MOVES)[kind])

    def region(self, place: Json, truth: tuple[int, int], move: tuple[float, float], its_id: str) -> Json:
        """A label region of the project."""
        if place[0] == "a":
            return self.timeline_region(truth[0], its_id)
        index = self.rng.randrange(len(POINTS))
        if self.chance(0.7):
            return self.point_region(index, truth, move, its_id)
        return self.box_region(0, truth, move, 0, its_id)

    def sized(self, region: Json, truth: tuple[int, int]) -> Json:
        """With the image's size, which regions written by a script lack."""
        region |= {
            "original_width": truth[0],
            "original_height": truth[1],
            "image_rotation": self.pick((0, 90)),
        }
        if self.chance(0.02):
            region["original_width"] = self.pick((None, 0, -1, "400", float("nan"), truth[0] * 2))
        self.forget_some(region, ("original_width", "original_height"), 0.02)
        return region

    def point_region(
        self, index: int, truth: tuple[int, int], move: tuple[float, float], its_id: str
    ) -> Json:
        x = truth[0] // 3 + 20 * index + move[0]
        y = truth[1] // 2 + 10 * (index % 2) + move[1]
        value = {
            "x": x * 100 / truth[0],
            "y": y * 100 / truth[1],
            "width": 0.4,
            "keypointlabels": [POINTS[index]],
        }
        return self.sized({"id": its_id, "type": "keypointlabels", "from_name": "kp", "value": value}, truth)

    def box_regions(self, place: Json, truth: tuple[int, int], moved: bool) -> list[Json]:
        """None, one or two boxes, the second of either label; a frame's boxes are mostly turned alike."""
        regions = []
        usual = {0: UPRIGHT, 423: (30,)}.get(place[3], ROTATIONS)
        rotation = self.pick(usual if self.chance(0.9) else ROTATIONS)
        count = place[3] % 2 + 1 if self.chance(0.92) else self.rng.randint(0, 2)
        for index in range(count):
            move = self.pick(BOX_MOVES) if moved or self.chance(0.05) else STILL
            label = index if self.chance(0.98) else 1 - index
            regions.append(self.box_region(label, truth, move, rotation, f"b{index}"))
        return regions

    def box_region(
        self, index: int, truth: tuple[int, int], move: tuple[float, float], rotation: Json, its_id: str
    ) -> Json:
        x, y = truth[0] // 2 + 30 * index + move[0], truth[1] // 3 + move[1]
        width, height = self.pick(((45, 30),) * 30 + ((0, 30), (45, 0), (30, 45)))
        value = {
            "x": x * 100 / truth[0],
            "y": y * 100 / truth[1],
            "width": width * 100 / truth[0],
            "height": height * 100 / truth[1],
            "rotation": rotation,
            "rectanglelabels": [BOXES[index]],
        }
        if rotation == 0 and self.chance(0.3):
            del value["rotation"]
        if self.chance(0.05):  # at the image's right edge, or over it
            value["x"] = 100 - value["width"] + self.pick((0, 5e-7, 5e-6, 2))
        return self.sized(
            {"id": its_id, "type": "rectanglelabels", "from_name": "obj", "value": value}, truth
        )

    def timeline_region(self, length: int, its_id: str) -> Json:
        """A segment, at times several ranges or labels, at times over the video's edges."""
        labels = [self.pick(ACTIONS)]
        if self.chance(0.08):
            labels.append(self.pick(ACTIONS))
        ranges = [self.range(length) for _ in range(self.pick((1,) * 7 + (2, 3, 0)))]
        value = {"ranges": ranges, "timelinelabels": labels}
        return {"id": its_id, "type": "timelinelabels", "from_name": "action", "value": value}

    def range(self, length: int) -> Json:
        """A range in 1-based frames; few starts and lengths, so that segments meet and tie."""
        start = self.pick((1, 1, 5, 9, 10, 10, 20, length, length - 3))
        end = start + self.pick((0, 1, 2, 3, 4, 7, 10, 20))
        odd = self.rng.random()
        if odd < 0.05:
            start -= 12
        elif odd < 0.1:
            start, end = start + length, end + length
        elif odd < 0.15:
            return self.pick(
                ({"start": start}, {"start": start, "end": self.pick(("9", None, 9.5, TOO_LARGE))})
            )
        elif odd < 0.2:
            return self.pick(
                ({"end": end}, {"start": self.pick(("9", None, 9.5, TOO_LARGE)), "end": end}, {}, None, 5)
            )
        elif odd < 0.25:
            return {"start": end + 1, "end": start}
        elif odd < 0.3:
            return {"start": float(start), "end": float(end)}
        elif odd < 0.32:
            return {"start": -400, "end": -100}
        return {"start": start, "end": end}

    # -- trouble --------------------------------------------------------------------------------

    def spoil(self, region: Json, letter: str) -> None:
        """Make a good region one that must be rejected, or one that must not quite."""
        kind, value = region["type"], region["value"]
        labels = value.get(kind, [])
        trouble = self.pick(("labels", "labels", "geometry", "geometry", "geometry", "size", "value", "id"))
        if trouble == "labels":
            value[kind] = self.pick(
                ([], None, "text", 5, [7, None], [*labels, 7], [*labels, *labels], [*labels, "other"], {})
            )
            if self.chance(0.2):
                del value[kind]
        elif trouble == "geometry" and letter == "a":
            value["ranges"] = self.pick(([], None, "text", {}))
        elif trouble == "geometry":
            self.spoil_geometry(value, kind)
            if self.chance(0.3):
                region["original_height"] = None
        elif trouble == "size":
            region["original_width"] = self.pick((None, 0, "400", TOO_LARGE, -400))
        elif trouble == "value":
            region["value"] = self.pick((None, {}, "text"))
            if self.chance(0.3):
                del region["value"]
        elif trouble == "id":
            region["id"] = self.pick((None, "k0"))
            if self.chance(0.3):
                del region["id"]

    def spoil_geometry(self, value: Json, kind: str) -> None:
        """Coordinates that are no numbers, or not inside, or inside by a hair."""
        keys = ["x", "y"] if kind == "keypointlabels" else ["x", "y", "width", "height", "rotation"]
        key = self.pick(keys)
        if self.chance(0.4):
            value[key] = self.pick(NO_NUMBERS)
            if self.chance(0.2):
                value.pop(key)
        elif key == "rotation":
            value[key] = self.pick(("30", float("inf"), TOO_LARGE, 1e6))
        elif key in ("x", "y"):
            value[key] = self.pick((*OUT_OF_BOUNDS, *JUST_INSIDE))
        else:
            corner = value["x"] if key == "width" else value["y"]
            if isinstance(corner, int | float):
                value[key] = 100 - corner + self.pick((0, 5e-7, 5e-6, 40))

    def choice_item(self) -> Json:
        return {"id": "q", "type": "choices", "from_name": "quality", "value": {"choices": ["usable"]}}

    def other_item(self, letter: str) -> Json:
        """An item that is no label of the project; some can be parents, some know the image's size."""
        return self.pick(
            (
                {
                    "type": "relation",
                    "from_id": "k0",
                    "to_id": "b0",
                    "direction": "right",
                    "labels": ["then"],
                },
                self.choice_item(),
                {
                    "id": "t",
                    "type": "textarea",
                    "value": {"text": ["wrist"]},
                    "original_width": 500,
                    "original_height": 99,
                },
                {
                    "id": "poly",
                    "type": "polygonlabels",
                    "value": {"points": [], "polygonlabels": ["left hand"]},
                },
                {"id": "b0", "type": "rectangle", "value": {"x": 1, "y": 1, "width": 1, "height": 1}},
                {"id": "b0", "type": "labels", "value": {"labels": ["«right» hand", "x"]}},
                {"id": "k0", "type": "polygonlabels", "value": {"points": []}},
                {
                    "id": "odd",
                    "type": "keypointlabels" if letter == "a" else "timelinelabels",
                    "value": {
                        "x": 1,
                        "y": 1,
                        "keypointlabels": ["k"],
                        "timelinelabels": ["t"],
                        "ranges": [{"start": 1}],
                    },
                },
                {"id": "size", "type": "choices", "value": {}, "original_width": 800, "original_height": 400},
            )
        )
