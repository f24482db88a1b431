"""A small made-up labeling effort with everything that the figures of quality must cope with.

Always the same, so that figures of reference implementations can be kept (goldens/quality.csv).
Timelines: unequal numbers of reviewers, an empty timeline, overlapping labels, one video with a single
reviewer. Poses: jitter, a left-right swap, a missing point, an outlier. Hands: corrections of every kind
to a model's predictions.
"""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path
from typing import Any

Json = Any

FRAMES = 200
LABELS = ("reach", "grasp", "move", "place")
COCO = (
    "nose",
    *(
        f"{side}_{part}"
        for part in ("eye", "ear", "shoulder", "elbow", "wrist")
        for side in ("left", "right")
    ),
    *(f"{side}_{part}" for part in ("hip", "knee", "ankle") for side in ("left", "right")),
)
IMAGE = (1000, 800)
BACKGROUND = "(background)"

# episode -> people; the last one is reviewed once
REVIEWERS = {
    "01_001": (1, 2),
    "01_002": (1, 2),
    "01_003": (1, 2, 3),
    "01_004": (2, 3),
    "01_005": (1, 2, 3, 4),
    "01_006": (1, 3),
    "01_007": (4,),
}

Segment = tuple[str, int, int]


def timelines() -> dict[str, dict[int, list[Segment]]]:
    """Segments (label, first, last frame) of every person in every episode."""
    draw = random.Random(5)
    found: dict[str, dict[int, list[Segment]]] = {}
    for episode, people in REVIEWERS.items():
        cuts = sorted(draw.sample(range(10, FRAMES - 10, 10), 6))
        truth = [(draw.choice(LABELS), start, end) for start, end in pairwise(cuts)]
        found[episode] = {}
        for person in people:
            segments = []
            for label, start, end in truth:
                if draw.random() < 0.1:
                    continue
                said = draw.choice(LABELS) if draw.random() < 0.15 else label
                segments.append((said, start + draw.randint(-2, 2), end - 3 + draw.randint(-2, 2)))
            found[episode][person] = segments
    found["01_006"][3] = []
    label, start, end = found["01_002"][1][0]
    found["01_002"][1].append(("place" if label != "place" else "move", start + 2, end))
    return found


def categories(segments: list[Segment]) -> list[str]:
    """The set of labels of each frame, as one text."""
    marked = [{label for label, start, end in segments if start <= frame <= end} for frame in range(FRAMES)]
    return [" + ".join(sorted(labels)) or BACKGROUND for labels in marked]


Pose = dict[str, tuple[float, float]]
BOX = (300.0, 100.0, 300.0, 500.0)


def poses() -> dict[tuple[str, int], dict[int, tuple[Pose, tuple[float, float, float, float]]]]:
    """Points and person box in px of every person in every frame."""
    draw = random.Random(9)
    found: dict[tuple[str, int], dict[int, tuple[Pose, tuple[float, float, float, float]]]] = {}
    for number in range(12):
        key = (f"02_{number // 3 + 1:03d}", number)
        truth = {label: (draw.uniform(310, 590), draw.uniform(110, 590)) for label in COCO}
        found[key] = {}
        for person in (1, 2, 3) if number == 5 else (1, 2):
            pose = {label: (x + draw.gauss(0, 3), y + draw.gauss(0, 3)) for label, (x, y) in truth.items()}
            box = (BOX[0] + draw.uniform(-5, 5), BOX[1], BOX[2] + draw.uniform(-9, 9), BOX[3])
            found[key][person] = (pose, box)
    swapped = found[("02_001", 1)][2][0]
    swapped["left_wrist"], swapped["right_wrist"] = swapped["right_wrist"], swapped["left_wrist"]
    neighbours = found[("02_001", 2)][2][0]
    neighbours["nose"], neighbours["left_hip"] = neighbours["left_hip"], neighbours["nose"]
    del found[("02_002", 3)][1][0]["left_ankle"]
    outlier = found[("02_002", 5)][3][0]
    outlier.update({label: (x + 60, y + 60) for label, (x, y) in outlier.items()})
    x, y = found[("02_002", 4)][2][0]["nose"]
    found[("02_002", 4)][2][0]["nose"] = (x + 33, y)
    return found


def point(region_id: str, label: str, x: float, y: float) -> Json:
    return {
        "id": region_id,
        "type": "keypointlabels",
        "original_width": IMAGE[0],
        "original_height": IMAGE[1],
        "value": {"x": x / IMAGE[0] * 100, "y": y / IMAGE[1] * 100, "width": 0.5, "keypointlabels": [label]},
    }


def box(region_id: str, label: str, sides: tuple[float, float, float, float], rotation: float = 0) -> Json:
    x, y, width, height = sides
    return {
        "id": region_id,
        "type": "rectanglelabels",
        "original_width": IMAGE[0],
        "original_height": IMAGE[1],
        "value": {
            "x": x / IMAGE[0] * 100,
            "y": y / IMAGE[1] * 100,
            "width": width / IMAGE[0] * 100,
            "height": height / IMAGE[1] * 100,
            "rotation": rotation,
            "rectanglelabels": [label],
        },
    }


def annotation(annotation_id: int, person: int, result: list[Json], **fields: Json) -> Json:
    return {
        "id": annotation_id,
        "completed_by": person,
        "result": result,
        "was_cancelled": False,
        "result_count": len(result),
        "lead_time": 20 + annotation_id % 7,
        "created_at": f"2026-01-{5 + annotation_id % 3 * 7:02d}T10:00:00Z",
        "updated_at": f"2026-01-{5 + annotation_id % 3 * 7:02d}T10:00:00Z",
        "updated_by": person,
        **fields,
    }


PREDICTED = [
    point("p1", "wrist", 100, 100),
    point("p2", "thumb_tip", 200, 200),
    point("p3", "index_tip", 300, 300),
    point("p4", "ring_tip", 400, 400),
    point("p5", "pinky_tip", 500, 500),
    box("b1", "operated_object", (100, 100, 200, 100)),
]
CORRECTED = [
    point("p1", "wrist", 100, 100),
    point("p2", "thumb_tip", 200.6, 200.6),
    point("p3", "index_tip", 303, 304),
    point("p4", "middle_tip", 400, 400),
    box("b1", "operated_object", (120, 100, 200, 100)),
    point("new", "index_mcp", 50, 50),
]
CORRECTIONS = {
    "p1": ("untouched", 0.0, 0.0),
    "p2": ("nudged", 0.6, 0.6),
    "p3": ("moved", 3.0, 4.0),
    "p4": ("relabelled", 0.0, 0.0),
    "p5": ("deleted", None, None),
    "b1": ("moved", 20.0, 0.0),
    "new": ("added", None, None),
}

# x, y of the corner, width, height in px, and clockwise rotation about that corner in degrees
TurnedBox = tuple[float, float, float, float, float]


def turned_boxes() -> list[tuple[TurnedBox, TurnedBox]]:
    """Pairs of boxes, at least one of them turned: special places first, then any."""
    upright = (300.0, 300.0, 120.0, 80.0, 0.0)
    found = [
        (upright, (420.0, 300.0, 80.0, 120.0, 90.0)),  # the same box, from another corner
        (upright, (420.0, 380.0, 120.0, 80.0, 180.0)),
        (upright, (300.0, 380.0, 80.0, 120.0, -90.0)),
        (upright, (360.0, 310.0, 20.0, 20.0, 45.0)),  # inside
        (upright, (360.0, 200.0, 400.0, 400.0, 45.0)),  # around
        (upright, (420.0, 300.0, 50.0, 50.0, -45.0)),  # a corner in common
        (upright, (500.0, 300.0, 80.0, 80.0, 90.0)),  # an edge in common, outside
        (upright, (700.0, 600.0, 40.0, 40.0, 30.0)),  # apart
        (upright, (300.0, 300.0, 120.0, 80.0, 1e-4)),  # turned by next to nothing
        ((300.0, 300.0, 400.0, 1.0, 10.0), (300.0, 300.0, 400.0, 1.0, 10.5)),  # slivers
    ]
    draw = random.Random(11)
    while len(found) < 60:
        x, y, width, height = (draw.uniform(*each) for each in ((200, 600), (200, 500), (20, 250), (20, 250)))
        one = (x, y, width, height, draw.choice([0.0, draw.uniform(-180, 180)]))
        other = (
            x + draw.gauss(0, 30),
            y + draw.gauss(0, 30),
            width * draw.uniform(0.7, 1.4),
            height * draw.uniform(0.7, 1.4),
            one[4] + draw.choice([draw.gauss(0, 15), draw.uniform(-180, 180)]),
        )
        found.append((one, other))
    return found


def write_quality_exports(folder: Path) -> None:
    """Write the three projects as Label Studio exports."""
    ids = iter(range(1, 10_000))
    tasks: dict[str, list[Json]] = {"a": [], "b": [], "c": []}
    for number, (episode, people) in enumerate(timelines().items(), start=1):
        annotations = []
        for person, segments in people.items():
            regions = [
                {
                    "id": f"s{position}",
                    "type": "timelinelabels",
                    "value": {"ranges": [{"start": start + 1, "end": end + 1}], "timelinelabels": [label]},
                }
                for position, (label, start, end) in enumerate(segments)
            ]
            annotations.append(annotation(next(ids), person, regions))
        data = {"video": f"{episode}_ego.mp4", "episode_key": episode, "view": "ego", "n_frames": FRAMES}
        tasks["a"].append({"id": number, "data": data, "annotations": annotations})
    for number, ((episode, frame), people) in enumerate(poses().items(), start=100):
        annotations = []
        for person, (pose, sides) in people.items():
            regions = [point(f"k{label}", label, x, y) for label, (x, y) in pose.items()]
            regions.append(box("person", "person", sides))
            is_gold = (episode, frame, person) == ("02_001", 0, 1)
            annotations.append(annotation(next(ids), person, regions, ground_truth=is_gold))
        data = {"image": "c.jpg", "episode_key": episode, "view": "exo", "frame_idx": frame}
        tasks["c"].append({"id": number, "data": data, "annotations": annotations})
    turned = [
        [
            box(f"t{index}", "operated_object", pair[side][:4], pair[side][4])
            for index, pair in enumerate(turned_boxes())
        ]
        for side in (0, 1)
    ]
    revised = [(PREDICTED, CORRECTED), (PREDICTED, PREDICTED), turned]
    for number, (predicted, result) in enumerate(revised, start=200):
        prediction = {"id": 7, "model_version": "hands-1", "score": 0.5, "result": predicted}
        data = {"image": "b.jpg", "episode_key": "03_001", "view": "ego", "frame_idx": number}
        made = annotation(next(ids), 1, result, prediction=prediction, parent_prediction=7)
        tasks["b"].append({"id": number, "data": data, "annotations": [made]})
    for project, documents in tasks.items():
        (folder / project).mkdir(parents=True)
        (folder / project / "export.json").write_text(json.dumps(documents), encoding="utf-8")
