"""Realistic exports of any size, the same bytes every time.

`python -m benchmarks.generate_exports FOLDER MB` writes them.

B-like tasks hold 21 hand points and a box, C-like ones 17 body points; 1 to 3 reviewers, nine in ten of whom
started from the model's prediction, which the annotation embeds whole as the server writes it. Of these one
in three accepted it, the others moved some points.
"""

import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

HAND = [
    "wrist",
    *(f"{f}_{j}" for f in ("thumb", "index", "middle", "ring", "pinky") for j in ("a", "b", "c", "tip")),
]
BODY = [
    "nose",
    *(
        f"{side}_{part}"
        for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
]
POINT = (
    '{{"id":"p%08d{0:02}","type":"keypointlabels","from_name":"kp","to_name":"img","original_width":1920,'
    '"original_height":1080,"image_rotation":0,"value":{{"x":%r,"y":%r,"width":0.4,"keypointlabels":["{1}"]}},'
    "{2}}}"
)
BOX = (
    '{{"id":"p%08dobj","type":"rectanglelabels","from_name":"obj","to_name":"img","original_width":1920,'
    '"original_height":1080,"image_rotation":0,"value":{{"x":%r,"y":%r,"width":%r,"height":%r,"rotation":0,'
    '"rectanglelabels":["operated_object"]}},{0}}}'
)
HUMAN, MODEL = '"origin":"prediction"', '"score":0.87'
STAMP = "2026-11-21T%02d:%02d:%02d.%06dZ"
PREDICTION = (
    '{"id":%d,"result":%s,"model_version":"pose-v1","created_ago":"0\\u00a0minutes","score":0.87,"cluster":null,'
    '"neighbors":null,"mislabeling":0.0,"created_at":"2026-11-21T01:20:32.304994Z",'
    '"updated_at":"2026-11-21T01:20:32.304999Z","model":null,"model_run":null,"task":%d,"project":2}'
)
ANNOTATION = (
    '{"id":%d,"completed_by":%d,"result":%s,"was_cancelled":false,"ground_truth":false,"created_at":"%s",'
    '"updated_at":"%s","draft_created_at":null,"lead_time":%r,"prediction":%s,"result_count":%d,'
    '"unique_id":"69581131-35f3-44af-a3b9-%012x","import_id":null,"last_action":null,"bulk_created":false,"task":%d,'
    '"project":2,"updated_by":%d,"parent_prediction":%s,"parent_annotation":null,"last_created_by":null}'
)
TASK = (
    '{"id":%d,"annotations":[%s],"drafts":[],"predictions":[%d],"data":{"image":'
    '"/data/local-files/?d=frames/%s/task_%02d/%s_%s_f%06d.jpg","episode_key":"%s","task_subdir":"task_%02d",'
    '"view":"%s","frame_idx":%d,"width":1920,"height":1080},"meta":{},"created_at":"2026-11-21T01:20:32.280904Z",'
    '"updated_at":"%s","allow_skip":true,"inner_id":%d,"total_annotations":%d,"cancelled_annotations":0,'
    '"total_predictions":1,"comment_count":0,"unresolved_comment_count":0,"last_comment_updated_at":null,"project":2,'
    '"updated_by":3,"comment_authors":[]}'
)


def _result_text(project: str, tail: str) -> Callable[[int, list[float]], str]:
    """The text of a result of `project`: made from the task id and the coordinates in percent."""
    labels = HAND if project == "b" else BODY
    items = [POINT.format(index, label, tail) for index, label in enumerate(labels)]
    if project == "b":
        items.append(BOX.format(tail))
    template = "[" + ",".join(items) + "]"

    def text(task_id: int, coordinates: list[float]) -> str:
        values: list[float] = []
        for index in range(0, 2 * len(labels), 2):
            values += (task_id, *coordinates[index : index + 2])
        if project == "b":
            values += (task_id, *coordinates[-4:])
        return template % tuple(values)

    return text


def tasks(project: str, first_id: int = 1, seed: int = 1) -> Iterator[str]:
    """JSON texts of tasks of project `b` or `c`, without end."""
    generator = random.Random(f"{project}{seed}")
    human, model = _result_text(project, HUMAN), _result_text(project, MODEL)
    length = 2 * len(HAND) + 4 if project == "b" else 2 * len(BODY)
    view = "ego" if project == "b" else "exo"
    task_id = first_id
    while True:
        predicted = [generator.uniform(1, 80) for _ in range(length)]
        predicted_text = PREDICTION % (task_id, model(task_id, predicted), task_id)
        annotations = []
        stamp = STAMP % (
            task_id // 3600 % 24,
            task_id // 60 % 60,
            task_id % 60,
            generator.randrange(1_000_000),
        )
        for reviewer in range(generator.choice((1, 2, 2, 3))):
            is_scratch = generator.random() < 0.1
            seen = predicted
            if is_scratch or generator.random() < 2 / 3:
                moved = 1.0 if is_scratch else generator.choice((0.1, 0.3, 1.0))
                seen = [x + generator.gauss(0, 0.2) if generator.random() < moved else x for x in predicted]
            annotation_id = 4 * task_id + reviewer
            annotations.append(
                ANNOTATION
                % (
                    annotation_id,
                    reviewer + 2,
                    human(task_id, seen),
                    stamp,
                    stamp,
                    round(generator.uniform(5, 90), 3),
                    "{}" if is_scratch else predicted_text,
                    length // 2 - (project == "b"),
                    annotation_id,
                    task_id,
                    reviewer + 2,
                    "null" if is_scratch else task_id,
                )
            )
        episode, frame = f"{task_id // 900 // 900 % 100:02}_{task_id // 900 % 900:03}", task_id % 900
        folder = task_id // 900 % 9
        yield TASK % (
            task_id,
            ",".join(annotations),
            task_id,
            view,
            folder,
            episode,
            view,
            frame,
            episode,
            folder,
            view,
            frame,
            stamp,
            task_id,
            len(annotations),
        )
        task_id += 1


def write_export(path: Path, project: str, size: int) -> None:
    """Write one export of at least `size` bytes, as the server does: one array in one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with path.open("w", encoding="ascii") as file:
        separator = "["
        for text in tasks(project):
            file.write(separator)
            file.write(text)
            separator = ","
            written += len(text) + 1
            if written >= size:
                break
        file.write("]")


def write_tasks(folder: Path, project: str, files: int) -> None:
    """Write `files` files of one task, each an array, named by number alone."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in zip(range(1, files + 1), tasks(project), strict=False):
        (folder / str(number)).write_text(f"[{text}]", encoding="ascii")


def write_parts(folder: Path, project: str, files: int) -> None:
    """Write `files` files of one annotation with its task inside, as Label Studio's target storage does."""
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    for text in tasks(project):
        task = json.loads(text)
        annotations = task.pop("annotations")
        for annotation in annotations[: files - written]:
            part = json.dumps(annotation | {"task": task}, separators=(",", ":"))
            (folder / str(annotation["id"])).write_text(part, encoding="ascii")
            written += 1
        if written >= files:
            return


if __name__ == "__main__":
    target, megabytes = Path(sys.argv[1]), int(sys.argv[2])
    for name in ("b", "c"):
        write_export(target / name / "export.json", name, megabytes * 2**20 // 2)
