"""Rules of models/quality, each model alone on made-up rows: compiled once, run without dbt."""

from __future__ import annotations

import csv
import os
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from quality_exports import turned_boxes
from quality_reference import dawid_skene

ROOT = Path(__file__).parents[2]
TURNED_BOXES = Path(__file__).with_name("goldens") / "turned_boxes.csv"

Row = dict[str, Any]
Run = Callable[..., list[Row]]

MODELS = (
    "annotator_records",
    "annotator_scores",
    "annotator_weeks",
    "pattern_posteriors",
    "review_records",
    "rotated_box_intersections",
    "sample_confidences",
    "stretch_labels",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs a model on rows for each relation that it reads."""
    folder = tmp_path_factory.mktemp("rules")
    done = subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "compile", "--select", *MODELS),
            *("--target-path", folder / "target", "--log-path", folder / "logs"),
            *("--vars", "{timeline_consensus: dawid_skene}"),
        ],
        cwd=ROOT,
        env={**os.environ, "HARVEST_DATABASE": str(folder / "harvest.duckdb")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout

    def run_model(model: str, **relations: list[Row]) -> list[Row]:
        (file,) = (folder / "target" / "compiled").rglob(f"{model}.sql")
        statement = file.read_text("utf-8")
        with duckdb.connect() as connection:
            connection.execute("attach ':memory:' as harvest")
            for schema, name in set(re.findall(r'"harvest"\."(\w+)"\."(\w+)"', statement)):
                connection.register("given", pa.Table.from_pylist(relations[name]))
                connection.execute(f"create schema if not exists harvest.{schema}")
                connection.execute(f"create table harvest.{schema}.{name} as from given")
            return connection.execute(statement).to_arrow_table().to_pylist()

    return run_model


# ---------------------------------------------------------------------------------------------
# Annotators
# ---------------------------------------------------------------------------------------------

MONDAY = date(2026, 1, 5)


def records(
    run: Run,
    *,
    annotations: list[Row] | None = None,
    cases: list[Row] | None = None,
    weeks: list[Row] | None = None,
) -> dict[int, Row]:
    """annotator_records of project b, by person; nobody else's rows keep the unused relations' columns."""
    nobody = {"project": "a", "annotator_id": -1, "cases": 0, "agreed": 0}
    cases = cases or [{**nobody, "project": "b", "cases": 1}]
    people = sorted({row["annotator_id"] for row in [*cases, *(weeks or [])]})
    annotations = annotations or [{"annotator_id": person} for person in people]
    known = {
        "project": "b",
        "task_id": 1,
        "kind": "annotation",
        "is_submitted": True,
        "is_cancelled": False,
        "is_ground_truth": True,
        "label_source": "from_scratch",
        "lead_time_s": 10.0,
    }
    staged = [{**known, **each, "annotation_id": number} for number, each in enumerate(annotations)]
    rows = run(
        "annotator_records",
        annotation_traits=[{key: row[key] for key in row if key != "lead_time_s"} for row in staged],
        annotation_verdicts=staged,
        annotations=staged,
        annotator_scores=run("annotator_scores", review_cases=cases),
        annotator_weeks=weeks or [{**nobody, "week": MONDAY}],
        alpha_without=[{**nobody, "krippendorff_alpha": 0.5, "krippendorff_alpha_without": 0.5}],
        review_cases=[{**nobody, "other_review_id": 1}],
        gold_reviews=[{"review_id": -1}],
    )
    return {row["annotator_id"]: row for row in rows}


def accepted(person: int, *, untouched: int, of: int = 100, seconds: float | None = 30) -> list[Row]:
    """Annotations of somebody who accepted so many predictions as they were; edits take a minute."""
    return [
        {
            "annotator_id": person,
            "label_source": "accepted" if number < untouched else "edited",
            "lead_time_s": seconds if number < untouched else 60.0,
        }
        for number in range(of)
    ]


def usual(people: int) -> list[Row]:
    """People who accept 20 to 40 of 100 predictions, in 25 to 40 s each."""
    draw = random.Random(3)
    return [
        row
        for person in range(1, people + 1)
        for row in accepted(person, untouched=draw.randint(20, 40), seconds=draw.uniform(25, 40))
    ]


@pytest.mark.parametrize(
    ("untouched", "seconds", "is_suspect"),
    [
        pytest.param(99, 2, True, id="much and fast"),
        pytest.param(99, 30, False, id="much"),
        pytest.param(30, 2, False, id="fast"),
        pytest.param(99, 900, False, id="much and slow"),
        pytest.param(1, 2, False, id="little and fast"),
        pytest.param(1, 900, False, id="little and slow"),
        pytest.param(30, 30, False, id="as everybody"),
        pytest.param(99, None, False, id="no lead time"),
        pytest.param(99, 0, False, id="lead time of 0"),
        pytest.param(0, 2, False, id="nothing untouched"),
    ],
)
def test_rubber_stamps_are_outliers_in_share_and_in_speed(
    run: Run, untouched: int, seconds: float | None, is_suspect: bool
) -> None:
    found = records(run, annotations=usual(9) + accepted(10, untouched=untouched, seconds=seconds))
    assert [person for person, row in found.items() if row["is_rubber_stamp_suspect"]] == [10] * is_suspect


def test_among_few_people_nobody_is_a_rubber_stamp(run: Run) -> None:
    four = records(run, annotations=usual(3) + accepted(10, untouched=99, seconds=2))
    assert not any(row["is_rubber_stamp_suspect"] for row in four.values())
    assert {row["untouched_share_z"] for row in four.values()} == {None}


def test_where_everybody_accepts_fast_nobody_is_a_rubber_stamp(run: Run) -> None:
    same = [row for person in range(1, 10) for row in accepted(person, untouched=99, seconds=2)]
    assert not any(row["is_rubber_stamp_suspect"] for row in records(run, annotations=same).values())


def test_annotations_without_a_known_prediction_are_no_part_of_the_audit(run: Run) -> None:
    quick = [{"annotator_id": 10, "label_source": "unknown", "lead_time_s": 2.0}] * 100
    row = records(run, annotations=usual(9) + quick)[10]
    assert (row["predicted"], row["untouched_share"], row["is_rubber_stamp_suspect"]) == (0, None, False)


def slope(weeks: list[tuple[int, int, int]]) -> float:
    """Weighted least squares of agreement on the week's number."""
    total = sum(cases for _, cases, _ in weeks)
    mean_week = sum(cases * week for week, cases, _ in weeks) / total
    mean_share = sum(agreed for *_, agreed in weeks) / total
    products = sum(
        cases * (week - mean_week) * (agreed / cases - mean_share) for week, cases, agreed in weeks
    )
    return products / sum(cases * (week - mean_week) ** 2 for week, cases, _ in weeks)


@pytest.mark.parametrize(
    ("weeks", "drift"),
    [
        pytest.param([(0, 10, 9), (1, 10, 8), (2, 10, 7)], -0.1, id="falling"),
        pytest.param([(0, 10, 5), (1, 10, 8)], 0.3, id="rising"),
        pytest.param([(0, 10, 8), (1, 20, 16), (2, 5, 4)], 0, id="steady"),
        pytest.param([(0, 10, 9), (4, 10, 5)], -0.1, id="weeks off count"),
        pytest.param([(0, 400, 360), (1, 3, 0), (2, 400, 352)], None, id="a small week weighs little"),
        pytest.param([(0, 10, 9), (1, 0, 0), (2, 10, 7)], -0.1, id="weeks without cases say nothing"),
    ],
)
def test_drift_by_week(run: Run, weeks: list[tuple[int, int, int]], drift: float | None) -> None:
    rows = [
        {
            "project": "b",
            "annotator_id": 1,
            "week": MONDAY + timedelta(weeks=week),
            "cases": cases,
            "agreed": agreed,
        }
        for week, cases, agreed in weeks
    ]
    row = records(run, weeks=rows)[1]
    compared = [week for week in weeks if week[1]]
    assert row["weeks"] == len(compared)
    assert row["drift_per_week"] == pytest.approx(slope(compared) if drift is None else drift, abs=1e-9)
    assert row["drift_per_week"] == pytest.approx(slope(compared), abs=1e-9)


def test_one_week_has_no_drift(run: Run) -> None:
    week = {"project": "b", "annotator_id": 1, "week": MONDAY, "cases": 50, "agreed": 9}
    assert records(run, weeks=[week])[1]["drift_per_week"] is None


def test_weeks_begin_on_monday(run: Run) -> None:
    days = {1: MONDAY, 2: MONDAY + timedelta(days=6), 3: MONDAY + timedelta(days=7)}
    base = {"project": "b", "annotator_id": 1, "task_id": 1}
    traits = [
        {**base, "annotation_id": key, "submitted_at": day, "is_submitted": True, "is_cancelled": key == 9}
        for key, day in {**days, 9: MONDAY}.items()
    ]
    rows = run(
        "annotator_weeks",
        annotation_traits=traits,
        annotations=[{**base, "annotation_id": key, "lead_time_s": 10.0} for key in (*days, 9)],
        review_cases=[{**base, "submitted_at": day, "cases": 2, "agreed": 1} for day in days.values()],
        annotator_scores=[{**base, "project_mean": 0.5}],
    )
    assert sorted((row["week"], row["annotations"], row["cases"], row["agreed"]) for row in rows) == [
        (MONDAY, 2, 4, 2),
        (MONDAY + timedelta(days=7), 1, 2, 1),
    ]


def with_cases(shares: dict[int, tuple[int, int]]) -> list[Row]:
    return [
        {"project": "b", "annotator_id": person, "cases": cases, "agreed": agreed}
        for person, (agreed, cases) in shares.items()
    ]


def test_three_labels_rank_nobody(run: Run) -> None:
    people = {1: (800, 1000), 2: (3, 3), 3: (0, 3), 4: (290, 300), 5: (150, 300)}
    found = records(run, cases=with_cases(people))
    # three of three is behind 290 of 300, none of three before half of 300
    assert found[5]["record"] < found[3]["record"] < found[2]["record"] < found[4]["record"]
    assert {person: row["standing"] for person, row in found.items()} == {
        1: "above",
        2: None,
        3: None,
        4: "above",
        5: "below",
    }


def test_shrinkage_wears_off_with_cases(run: Run) -> None:
    sizes = [1, 3, 10, 30, 100, 1000]
    crowd = {0: (80_000, 100_000)}
    found = records(run, cases=with_cases(crowd | {size: (size, size) for size in sizes}))
    by_size = [found[size]["record"] for size in sizes]
    widths = [found[size]["record_high"] - found[size]["record_low"] for size in sizes]
    assert by_size == sorted(by_size)
    assert widths == sorted(widths, reverse=True)
    assert found[0]["project_mean"] < by_size[0] < 0.83
    assert by_size[-1] > 0.99


# ---------------------------------------------------------------------------------------------
# Confidence
# ---------------------------------------------------------------------------------------------

RECORDS = [0.0, 0.2, 0.5, 0.8, 0.95, 1.0]
DISTANCES = [0.0, 0.4, 3.0, 5.0, 12.0, 20.0, 300.0]
TIERS = ["single", "med", "hi"]


@pytest.fixture(scope="module")
def sample_grid(run: Run) -> dict[tuple[str, float, float], float]:
    """Confidence of samples of b and c by tier, disagreement and record."""
    grid = list(enumerate(product(TIERS, DISTANCES, RECORDS)))
    rows = run(
        "sample_confidences",
        samples=[{"place_id": key, "sample_id": key, "review_id": key} for key, _ in grid],
        reviews=[{"review_id": key} for key, _ in grid],
        frame_tiers=[
            {"place_id": key, "quality_tier": tier, "disagreement_px": px} for key, (tier, px, _) in grid
        ],
        review_records=[{"review_id": key, "record": record} for key, (*_, record) in grid],
    )
    of_key = dict(grid)
    return {of_key[row["sample_id"]]: row["confidence"] for row in rows}


def test_confidence_of_samples_stays_in_range(sample_grid: dict[tuple[str, float, float], float]) -> None:
    assert len(sample_grid) == len(TIERS) * len(DISTANCES) * len(RECORDS)
    assert all(0 < confidence <= 1 for confidence in sample_grid.values())
    assert sample_grid["hi", 0.0, 1.0] == 1


@pytest.mark.parametrize(
    ("position", "worst_first"),
    [
        pytest.param(0, TIERS, id="tier"),
        pytest.param(1, DISTANCES[::-1], id="disagreement"),
        pytest.param(2, RECORDS, id="record"),
    ],
)
def test_confidence_of_samples_is_monotone(
    sample_grid: dict[tuple[str, float, float], float], position: int, worst_first: list
) -> None:
    for one, other in product(sample_grid, repeat=2):
        rest = [key[:position] + key[position + 1 :] for key in (one, other)]
        if rest[0] == rest[1] and worst_first.index(one[position]) < worst_first.index(other[position]):
            assert sample_grid[one] <= sample_grid[other]
            # with a record of 0 everything is at the floor
            if one[2] > 0:
                assert sample_grid[one] < sample_grid[other], (one, other)


def test_confidence_of_an_averaged_sample_takes_the_mean_record(run: Run) -> None:
    (row,) = run(
        "sample_confidences",
        samples=[{"place_id": 1, "sample_id": 1, "review_id": key} for key in (1, 2)],
        reviews=[{"review_id": 1}, {"review_id": 2}],
        frame_tiers=[{"place_id": 1, "quality_tier": "hi", "disagreement_px": 0.0}],
        review_records=[{"review_id": 1, "record": 0.6}, {"review_id": 2, "record": 1.0}],
    )
    assert row["confidence"] == pytest.approx(0.8)


def stretch_confidence(run: Run, videos: list[list[float]], marks: list[int]) -> list[float]:
    """Confidence in a label of each video: everybody's records, and how many of the first ones marked it."""
    people = [
        {"video": video, "review_id": video * 100 + place, "record": record, "is_mark": place < marks[video]}
        for video, found in enumerate(videos)
        for place, record in enumerate(found)
    ]
    rows = run(
        "stretch_labels",
        timeline_stretches=[
            {
                "stretch_label_id": each["video"],
                "place_id": each["video"],
                "stretch_start": 0,
                "label": "reach",
                "segments_here": 1,
                "segments_of_label": 1,
                "review_id": each["review_id"],
            }
            for each in people
            if each["is_mark"]
        ],
        reviews=[
            {
                "project": "a",
                "review_id": each["review_id"],
                "annotation_id": each["review_id"],
                "reviewer_count": len(videos[each["video"]]),
                "episode_key": "01_001",
                "view": "ego",
                "place_media": None,
            }
            for each in people
        ],
        review_records=[{"review_id": each["review_id"], "record": each["record"]} for each in people],
        vote_patterns=[{"place_id": -1, "stretch_start": 0, "pattern_id": -1}],
        label_posteriors=[{"pattern_id": -1, "label": "reach", "label_posterior": 0.5}],
    )
    return [row["confidence"] for row in sorted(rows, key=lambda row: row["stretch_label_id"])]


def test_confidence_in_a_grows_with_agreement(run: Run) -> None:
    for record in RECORDS[1:]:
        # one, two, three, four of four
        found = stretch_confidence(run, [[record] * 4] * 4, [1, 2, 3, 4])
        assert found == sorted(set(found))
        assert found == [pytest.approx(record * marked / 4) for marked in (1, 2, 3, 4)]


def test_confidence_in_a_grows_with_agreement_of_a_poor_reviewer_too(run: Run) -> None:
    without, with_them = stretch_confidence(run, [[1.0, 0.1, 0.9]] * 2, [1, 2])
    assert without < with_them


def test_confidence_in_a_grows_with_each_record(run: Run) -> None:
    for other, marked in product(RECORDS, (1, 2, 3)):
        videos = [[record, other, 0.5] for record in RECORDS]
        found = stretch_confidence(run, videos, [marked] * len(videos))
        assert found == sorted(set(found))
        assert all(0 < confidence <= 1 for confidence in found)


def test_people_who_were_never_compared_have_the_mean_record(run: Run) -> None:
    reviews = [
        {"project": project, "place_id": 1, "review_id": key, "annotator_id": person}
        for key, (project, person) in enumerate([("b", 1), ("b", 2), ("b", None), ("c", 1)])
    ]
    scores = [{"project": "b", "annotator_id": 1, "record": 0.9, "project_mean": 0.75}]
    rows = run("review_records", reviews=reviews, annotator_scores=scores)
    assert {row["review_id"]: row["record"] for row in rows} == {0: 0.9, 1: 0.75, 2: 0.75, 3: 0.8}


# ---------------------------------------------------------------------------------------------
# Dawid & Skene, turned boxes
# ---------------------------------------------------------------------------------------------


def crowd(seed: int, *, people: int, labels: int, frames: int, skill: float) -> Counter:
    """Votes of people of different skill, some of whom did not see everything."""
    draw = random.Random(seed)
    known = [f"label {number}" for number in range(labels)]
    skills = {f"person {number}": draw.uniform(skill, 1) for number in range(people)}
    found: Counter = Counter()
    for _ in range(frames):
        truth = known[min(int(draw.expovariate(1)), labels - 1)]
        voters = sorted(draw.sample(sorted(skills), draw.randint(1, people)))
        votes = [
            (person, truth if draw.random() < skills[person] else draw.choice(known)) for person in voters
        ]
        found[tuple(votes)] += 1
    return found


@pytest.mark.parametrize(
    ("people", "labels", "frames", "skill"),
    [(2, 2, 50, 0.5), (3, 4, 300, 0.6), (5, 3, 600, 0.3), (6, 8, 400, 0.5), (1, 3, 40, 0.5)],
)
def test_dawid_skene_is_the_reference(run: Run, people: int, labels: int, frames: int, skill: float) -> None:
    counted = crowd(people, people=people, labels=labels, frames=frames, skill=skill)
    patterns = dict(enumerate(counted))
    rows = run(
        "pattern_posteriors",
        pattern_votes=[
            {"pattern_id": key, "frames": float(counted[pattern]), "person": person, "category": category}
            for key, pattern in patterns.items()
            for person, category in pattern
        ],
    )
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for row in rows:
        found[row["pattern_id"]][row["category"]] = row["probability"]
    expected = dawid_skene(counted)
    assert found == {key: pytest.approx(expected[pattern], abs=1e-6) for key, pattern in patterns.items()}


def test_turned_boxes_of_two_reviewers_overlap_as_in_shapely(run: Run) -> None:
    with TURNED_BOXES.open(newline="", encoding="utf-8") as file:
        expected = [float(row["iou"]) for row in csv.DictReader(file)]
    pairs = turned_boxes()
    rows = run(
        "rotated_box_intersections",
        boxes=[
            {
                "place_id": number,
                "review_id": number * 2 + side,
                "reviewer_count": 2,
                "label": "person",
                "instance": "",
                "x_px": x,
                "y_px": y,
                "width_px": width,
                "height_px": height,
                "rotation": rotation,
                "is_rotated": rotation != 0,
            }
            for number, pair in enumerate(pairs)
            for side, (x, y, width, height, rotation) in enumerate(pair)
        ],
    )
    shared = {row["review_id_1"] // 2: row["intersection_area"] for row in rows}
    assert len(shared) == len(pairs)
    for number, pair in enumerate(pairs):
        union = sum(width * height for _, _, width, height, _ in pair) - shared[number]
        assert shared[number] / union == pytest.approx(expected[number], abs=1e-8), pair
