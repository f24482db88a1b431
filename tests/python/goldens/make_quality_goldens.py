"""Figures of the reference implementations on quality_exports, kept in quality.csv and turned_boxes.csv.

    make oracles              recompute and compare
    python … --write          write the files anew

Needs the optional dependencies `oracles`: scikit-learn, statsmodels, krippendorff, irrCAC, pycocotools,
shapely.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from pycocotools.cocoeval import COCOeval, Params
from shapely import affinity
from shapely.geometry import Polygon
from shapely.geometry import box as rectangle
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import aggregate_raters, fleiss_kappa

sys.path.insert(0, str(Path(__file__).parents[1]))
from quality_exports import (
    BACKGROUND,
    COCO,
    LABELS,
    REVIEWERS,
    TurnedBox,
    categories,
    poses,
    timelines,
    turned_boxes,
)

FILE = Path(__file__).with_name("quality.csv")
TURNED_BOXES = Path(__file__).with_name("turned_boxes.csv")


def votes(*, label: str | None = None, without: int | None = None) -> pd.DataFrame:
    """One row per frame of a video with several reviewers, one column per person."""
    frames = []
    for people in timelines().values():
        said = {person: categories(segments) for person, segments in people.items() if person != without}
        if len(said) > 1:
            frames.append(pd.DataFrame(said))
    table = pd.concat(frames, ignore_index=True).reindex(columns=sorted({1, 2, 3, 4} - {without}))
    if label is not None:
        marked = {value: label in str(value).split(" + ") for value in table.stack().unique()}
        table = table.apply(lambda column: column.map(marked))
    return table.astype(object).where(table.notna(), None)


def coefficients(table: pd.DataFrame, values: list) -> dict[str, float]:
    """Agreement of any number of reviewers per row."""
    cac = CAC(table, categories=values, digits=12)
    codes = {value: code for code, value in enumerate(values)}
    coded = table.map(lambda value: np.nan if value is None else codes[value]).to_numpy(dtype=float).T
    return {
        "percent_agreement": cac.fleiss()["est"]["pa"],
        "fleiss_kappa": cac.fleiss()["est"]["coefficient_value"],
        "gwet_ac1": cac.gwet()["est"]["coefficient_value"],
        "krippendorff_alpha": krippendorff.alpha(reliability_data=coded, level_of_measurement="nominal"),
    }


def figures() -> Iterator[tuple[str, float]]:
    """Name and value of every golden figure."""
    everything = votes()
    known = sorted({value for value in everything.stack().unique() if value is not None})
    assert BACKGROUND in known
    for name, value in coefficients(everything, known).items():
        yield f"project,{name}", value
    for label in LABELS:
        for name, value in coefficients(votes(label=label), [False, True]).items():
            yield f"label {label},{name}", value
    for person in (1, 2, 3, 4):
        table = votes(without=person)
        yield f"without {person},krippendorff_alpha", coefficients(table, known)["krippendorff_alpha"]
    for one, other in combinations((1, 2, 3), 2):
        both = [people for people in timelines().values() if one in people and other in people]
        first = [value for people in both for value in categories(people[one])]
        second = [value for people in both for value in categories(people[other])]
        yield f"pair {one} {other},cohen_kappa", cohen_kappa_score(first, second)
    for episode, people in timelines().items():
        if len(REVIEWERS[episode]) > 1:
            codes = {value: code for code, value in enumerate(known)}
            coded = [[codes[value] for value in categories(segments)] for segments in people.values()]
            counts, _ = aggregate_raters(np.array(coded).T)
            yield f"episode {episode},fleiss_kappa", fleiss_kappa(counts)
    similarities = [
        oks(people[one], people[other])
        for people in poses().values()
        for one, other in combinations(people, 2)
    ]
    yield "poses,oks", float(np.mean(similarities))


def oks(one: tuple, other: tuple) -> float:
    """pycocotools' OKS of two poses, the area the mean of their boxes; what one lacks is invisible."""
    evaluation = COCOeval.__new__(COCOeval)
    evaluation.params = Params(iouType="keypoints")
    pose, box = one
    other_pose, other_box = other
    visible = [label in pose and label in other_pose for label in COCO]
    triples = [
        [(*points.get(label, (0, 0)), 2 if seen else 0) for label, seen in zip(COCO, visible, strict=True)]
        for points in (pose, other_pose)
    ]
    area = (box[2] * box[3] + other_box[2] * other_box[3]) / 2
    shared = {"bbox": list(box), "area": area}
    evaluation._gts = {(1, 1): [{"keypoints": np.array(triples[0]).ravel().tolist(), **shared}]}
    evaluation._dts = {(1, 1): [{"keypoints": np.array(triples[1]).ravel().tolist(), "score": 1, **shared}]}
    return float(evaluation.computeOks(1, 1)[0, 0])


def polygon(sides: TurnedBox) -> Polygon:
    """A box turned clockwise about its corner; y points down, so shapely's angles are clockwise."""
    x, y, width, height, rotation = sides
    return affinity.rotate(rectangle(x, y, x + width, y + height), rotation, origin=(x, y))


def overlaps() -> Iterator[tuple[str, float]]:
    """Number and IoU of every pair of boxes."""
    for number, (one, other) in enumerate(turned_boxes()):
        first, second = polygon(one), polygon(other)
        shared = first.intersection(second).area
        yield str(number), shared / (first.area + second.area - shared)


def main() -> None:
    """Write the goldens, or compare them."""
    differing = 0
    for file, header, values in [
        (FILE, ("of", "figure", "value"), figures()),
        (TURNED_BOXES, ("pair", "iou"), overlaps()),
    ]:
        rows = [(*name.split(","), f"{value:.9f}") for name, value in values]
        if "--write" in sys.argv:
            with file.open("w", newline="", encoding="utf-8") as opened:
                csv.writer(opened, lineterminator="\n").writerows([header, *rows])
            continue
        with file.open(newline="", encoding="utf-8") as opened:
            kept = [tuple(row) for row in csv.reader(opened)][1:]
        changed = [(old, new) for old, new in zip(kept, rows, strict=True) if old != new]
        for old, new in changed:
            print(f"kept {old}, computed {new}")
        print(f"{file.name}: {len(rows)} figures, {len(changed)} differ.")
        differing += len(changed)
    sys.exit(bool(differing))


if __name__ == "__main__":
    main()
