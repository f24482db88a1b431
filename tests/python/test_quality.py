"""The figures of models/quality against reference implementations and against formulas written out in Python.

One build of quality_exports serves most tests. goldens/quality.csv holds what scikit-learn, statsmodels,
krippendorff, irrCAC and pycocotools say of the same labels, goldens/turned_boxes.csv what shapely says of
boxes (`make oracles` asks them again).
"""

from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations, permutations
from pathlib import Path
from statistics import median
from typing import Any

import duckdb
import pytest

from harvest.loader import load
from quality_exports import (
    BACKGROUND,
    CORRECTIONS,
    FRAMES,
    LABELS,
    REVIEWERS,
    Segment,
    categories,
    poses,
    timelines,
    write_quality_exports,
)
from quality_reference import Pattern, dawid_skene

ROOT = Path(__file__).parents[2]
GOLDENS = Path(__file__).with_name("goldens") / "quality.csv"
TURNED_BOXES = GOLDENS.with_name("turned_boxes.csv")

Connection = duckdb.DuckDBPyConnection


def build(folder: Path, *variables: str) -> Path:
    """Load quality_exports and build everything but the release."""
    database = folder / "harvest.duckdb"
    write_quality_exports(folder / "exports")
    load([folder / "exports"], database=database)
    for command in ("seed", "run"):
        done = subprocess.run(
            [
                *(Path(sys.executable).with_name("dbt"), "--quiet", command),
                *("--target-path", folder / "target", "--log-path", folder / "logs"),
                *(("--exclude", "path:models/publish") if command == "run" else ()),
                *(
                    "--vars",
                    "{timeline_consensus: dawid_skene" + "".join(f", {each}" for each in variables) + "}",
                ),
            ],
            cwd=ROOT,
            env={**os.environ, "HARVEST_DATABASE": str(database)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
    return database


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with duckdb.connect(str(build(tmp_path_factory.mktemp("quality"))), read_only=True) as connection:
        yield connection


def one(connection: Connection, query: str, *parameters: Any) -> Any:
    """The only value of the only row."""
    rows = connection.execute(query, parameters).fetchall()
    assert len(rows) == 1, rows
    return rows[0][0]


# ---------------------------------------------------------------------------------------------
# Timelines
# ---------------------------------------------------------------------------------------------

with GOLDENS.open(newline="", encoding="utf-8") as golden_file:
    GOLDEN = [tuple(row.values()) for row in csv.DictReader(golden_file)]

WHERE = {
    "project": "from agreement_timelines where scope = 'project'",
    "label": "from agreement_timelines where scope = 'label' and label = ?",
    "episode": "from agreement_timelines where scope = 'episode' and episode_key = ?",
    "pair": "from agreement_timelines where scope = 'pair' and annotator_id_1 = ? and annotator_id_2 = ?",
    "without": "from annotator_records where project = 'a' and annotator_id = ?",
    "poses": "from agreement_keypoints where project = 'c' and scope = 'project'",
}


@pytest.mark.parametrize(("of", "figure", "value"), GOLDEN, ids=lambda value: str(value))
def test_coefficients_are_those_of_the_reference(built: Connection, of: str, figure: str, value: str) -> None:
    scope, *keys = of.split()
    column = "krippendorff_alpha_without" if scope == "without" else figure
    assert one(built, f"select {column} {WHERE[scope]}", *keys) == pytest.approx(float(value), abs=1e-6)


def runs(said: list[str]) -> list[Segment]:
    """Segments of a frame-wise labeling, as the evaluation of MS-TCN cuts them; one label at a time."""
    found = []
    for label in LABELS:
        marked = [label in category.split(" + ") for category in said]
        starts = [f for f in range(FRAMES) if marked[f] and (f == 0 or not marked[f - 1])]
        ends = [f for f in range(FRAMES) if marked[f] and (f == FRAMES - 1 or not marked[f + 1])]
        found += [(label, start, end) for start, end in zip(starts, ends, strict=True)]
    return found


def confirmed(segments: list[Segment], truth: list[Segment], threshold: float) -> int:
    """True positives of MS-TCN's f_score."""
    hit = [False] * len(truth)
    for label, start, end in segments:
        ious = [
            (min(end, last) - max(start, first) + 1) / (max(end, last) - min(start, first) + 1)
            if other == label
            else -1
            for other, first, last in truth
        ]
        best = max(range(len(truth)), key=lambda index: ious[index], default=None)
        if best is not None and ious[best] >= threshold:
            hit[best] = True
    return sum(hit)


def edit_score(one_side: list[str], other: list[str]) -> float | None:
    """1 - Levenshtein distance / length of the longer sequence."""
    if not one_side and not other:
        return None
    row = list(range(len(other) + 1))
    for i, left in enumerate(one_side, start=1):
        previous, row = row, [i]
        for j, right in enumerate(other, start=1):
            row.append(min(previous[j] + 1, row[-1] + 1, previous[j - 1] + (left != right)))
    return 1 - row[-1] / max(len(one_side), len(other))


def pairs_of_timelines() -> Iterator[tuple[list[str], list[str]]]:
    for people in timelines().values():
        for left, right in combinations(sorted(people), 2):
            yield categories(people[left]), categories(people[right])


@pytest.mark.parametrize(("column", "threshold"), [("f1_10", 0.1), ("f1_25", 0.25), ("f1_50", 0.5)])
def test_f1_of_segments(built: Connection, column: str, threshold: float) -> None:
    hits = segments = 0
    for pair in pairs_of_timelines():
        for said, truth in permutations(pair):
            hits += confirmed(runs(said), runs(truth), threshold)
            segments += len(runs(said))
    query = f"select {column} from agreement_segments where scope = 'project'"
    assert one(built, query) == pytest.approx(hits / segments, abs=1e-9)


def test_edit_score(built: Connection) -> None:
    scores = []
    for left, right in pairs_of_timelines():
        sides = [
            [label for label, *_ in sorted(runs(said), key=lambda run: (run[1], run[2], run[0]))]
            for said in (left, right)
        ]
        score = edit_score(*sides)
        if score is not None:
            scores.append(score)
    query = "select edit_score from agreement_segments where scope = 'project'"
    assert one(built, query) == pytest.approx(sum(scores) / len(scores), abs=1e-6)


def changes(said: list[str]) -> list[tuple[int, str, str]]:
    return [(f, said[f - 1], said[f]) for f in range(1, FRAMES) if said[f] != said[f - 1]]


def nearest_pairs(left: list[int], right: list[int], window: int) -> list[int]:
    """Distances of those that are each other's nearest, the earlier of equally near ones."""

    def nearest(frame: int, others: list[int]) -> int:
        return min(others, key=lambda other: (abs(other - frame), other))

    return [
        abs(frame - nearest(frame, right))
        for frame in left
        if right
        and nearest(nearest(frame, right), left) == frame
        and abs(frame - nearest(frame, right)) <= window
    ]


def test_boundaries_that_meet(built: Connection) -> None:
    met = boundaries = 0
    for left, right in pairs_of_timelines():
        sides = [[frame for frame, *_ in changes(said)] for said in (left, right)]
        met += len(nearest_pairs(*sides, window=3))
        boundaries += sum(map(len, sides))
    query = "select boundary_f1 from agreement_segments where scope = 'project'"
    assert one(built, query) == pytest.approx(2 * met / boundaries, abs=1e-9)


def test_spread_of_transitions(built: Connection) -> None:
    spreads: dict[tuple[str, str], list[int]] = defaultdict(list)
    sides: Counter[tuple[str, str]] = Counter()
    for pair in pairs_of_timelines():
        frames = []
        for said in pair:
            by_change = defaultdict(list)
            for frame, before, after in changes(said):
                by_change[before, after].append(frame)
                sides[before, after] += 1
            frames.append(by_change)
        for change in frames[0]:
            spreads[change] += nearest_pairs(frames[0][change], frames[1].get(change, []), window=90)
    got = built.execute(
        "select from_label, to_label, n, unmatched, median_frames from agreement_transitions"
    ).fetchall()
    assert {row[:2]: row[2:] for row in got} == {
        change: (
            len(spreads[change]),
            count - 2 * len(spreads[change]),
            median(spreads[change]) if spreads[change] else None,
        )
        for change, count in sides.items()
    }


def test_figures_without_sense_are_null_and_never_nan(built: Connection) -> None:
    for name in ("agreement_timelines", "agreement_segments", "agreement_keypoints", "model_errors"):
        for column, kind, *_ in built.execute(f"describe {name}").fetchall():
            if kind == "DOUBLE":
                assert one(built, f'select count(*) from {name} where not isfinite("{column}")') == 0
    # 01_007 has one reviewer: nothing to compare
    assert one(built, "select count(*) from agreement_timelines where episode_key = '01_007'") == 0


# ---------------------------------------------------------------------------------------------
# Dawid & Skene
# ---------------------------------------------------------------------------------------------


def frame_patterns() -> dict[tuple[str, int], Pattern]:
    """Who said what of every frame."""
    said = {
        episode: {str(person): categories(segments) for person, segments in people.items()}
        for episode, people in timelines().items()
    }
    return {
        (episode, frame): tuple(sorted((person, each[frame]) for person, each in people.items()))
        for episode, people in said.items()
        for frame in range(FRAMES)
    }


def test_dawid_skene_converges_to_the_reference_before_it_is_rounded(built: Connection) -> None:
    expected = dawid_skene(Counter(frame_patterns().values()))
    rows = built.execute(
        "select distinct patterns.pattern, posteriors.category, posteriors.probability"
        " from vote_patterns as patterns inner join pattern_posteriors as posteriors using (pattern_id)"
    ).fetchall()
    known = {category for pattern in expected for _, category in pattern}
    assert len(rows) == len(expected) * len(known)
    for pattern, category, probability in rows:
        votes = tuple((vote["person"], vote["category"]) for vote in pattern)
        assert probability == pytest.approx(expected[votes][category], abs=1e-6), (votes, category)


def test_dawid_skene_converges_to_the_reference(built: Connection) -> None:
    patterns = frame_patterns()
    expected = dawid_skene(Counter(patterns.values()))
    rows = built.execute(
        "select episode_key, frame_idx, label, label_posterior from training_set_a"
    ).fetchall()
    assert len(rows) > 500
    for episode, frame, label, posterior in rows:
        reference = sum(p for c, p in expected[patterns[episode, frame]].items() if label in c.split(" + "))
        assert posterior == pytest.approx(reference, abs=1.5e-6), (episode, frame, label)


def test_dawid_skene_ranks_the_labels(built: Connection) -> None:
    assert (
        one(
            built,
            "select count(*) from training_set_a as first inner join training_set_a as second"
            " using (episode_key, frame_idx) where first.label_rank < second.label_rank"
            " and first.label_posterior < second.label_posterior",
        )
        == 0
    )


def test_probabilities_add_up(built: Connection) -> None:
    sums = built.execute("select sum(probability) from pattern_posteriors group by pattern_id").fetchall()
    assert [row[0] for row in sums] == [pytest.approx(1)] * len(sums)


# ---------------------------------------------------------------------------------------------
# Points
# ---------------------------------------------------------------------------------------------


def test_distances_per_label(built: Connection) -> None:
    distances = defaultdict(list)
    for people in poses().values():
        for left, right in combinations(people, 2):
            for label, (x, y) in people[left][0].items():
                if label in people[right][0]:
                    other_x, other_y = people[right][0][label]
                    distances[label].append(round(math.hypot(x - other_x, y - other_y), 6))
    got = built.execute(
        "select label, n, median_px, pck_5, pck_20 from agreement_keypoints"
        " where project = 'c' and scope = 'label'"
    ).fetchall()
    assert {row[0]: row[1:] for row in got} == {
        label: (
            len(each),
            pytest.approx(median(each), abs=2e-6),
            pytest.approx(sum(d <= 5 for d in each) / len(each)),
            pytest.approx(sum(d <= 20 for d in each) / len(each)),
        )
        for label, each in distances.items()
    }


def test_estimated_sigma_finds_the_one_the_labels_were_made_with(built: Connection) -> None:
    # every annotator is off by 3 px in x and y: d^2 = 2 * 3^2 on average, and the box has 300 x 500 px
    rows = built.execute(
        "select sigma_estimated from agreement_keypoints where project = 'c' and scope = 'label'"
    ).fetchall()
    assert median(row[0] for row in rows) == pytest.approx(3 * math.sqrt(2) / math.sqrt(300 * 500), rel=0.2)


def test_causes(built: Connection) -> None:
    rows = built.execute(
        "select frame_idx, label, cause, swapped_with from keypoint_disagreements where project = 'c'"
    ).fetchall()
    causes = defaultdict(set)
    for frame, label, cause, swapped_with in rows:
        causes[frame, label].add((cause, swapped_with))
    assert causes[1, "left_wrist"] == {("left_right_swap", "right_wrist")}
    assert causes[1, "right_wrist"] == {("left_right_swap", "left_wrist")}
    assert causes[2, "nose"] == {("swapped_neighbours", "left_hip")}
    assert causes[3, "left_ankle"] == {("missing_in_one", None)}
    assert causes[4, "nose"] == {("misplaced", None)}
    assert ("outlier_reviewer", None) in causes[5, "left_knee"]
    assert {cause for (frame, _), found in causes.items() if frame in (0, 6, 7) for cause, _ in found} == {
        "jitter"
    }


def test_tier_bases_keep_every_frame(built: Connection) -> None:
    rows = built.execute(
        "select tier_basis, sum(frames) from agreement_tier_bases where project = 'c' group by tier_basis"
    ).fetchall()
    assert dict(rows) == {"px": 12, "relative": 12, "oks": 12}
    tiers = built.execute(
        "select quality_tier, count(*) from frame_reviews where project = 'c' group by quality_tier"
    ).fetchall()
    by_px = built.execute(
        "select quality_tier, sum(frames) from agreement_tier_bases"
        " where project = 'c' and tier_basis = 'px' group by quality_tier"
    ).fetchall()
    assert dict(tiers) == dict(by_px)


@pytest.mark.parametrize("basis", ["relative", "oks"])
def test_tier_basis_changes_the_tiers_as_foretold(built: Connection, basis: str, tmp_path: Path) -> None:
    foretold = built.execute(
        "select quality_tier, sum(frames) from agreement_tier_bases"
        " where project = 'c' and tier_basis = ? group by quality_tier",
        [basis],
    ).fetchall()
    with duckdb.connect(str(build(tmp_path, f"tier_basis: {basis}"))) as other:
        tiers = other.execute(
            "select quality_tier, count(*) from frame_reviews where project = 'c' group by quality_tier"
        ).fetchall()
    assert dict(tiers) == dict(foretold)


def test_intervals_hold_their_estimate(built: Connection) -> None:
    rows = built.execute("select estimate, low_95, high_95, resamples from agreement_intervals").fetchall()
    assert len(rows) > 20
    compared = [row for row in rows if row[1] is not None]
    assert all(low - 1e-6 <= estimate <= high + 1e-6 for estimate, low, high, _ in compared)


# ---------------------------------------------------------------------------------------------
# Corrections
# ---------------------------------------------------------------------------------------------


def test_corrections(built: Connection) -> None:
    rows = built.execute(
        "select region_id, correction, dx_px, dy_px, model_version from corrections where frame_idx = 200"
    ).fetchall()
    assert {row[0]: row[1:] for row in rows} == {
        region: (
            kind,
            None if dx is None else pytest.approx(dx),
            None if dy is None else pytest.approx(dy),
            "hands-1",
        )
        for region, (kind, dx, dy) in CORRECTIONS.items()
    }
    delta = one(built, "select delta_iou from corrections where frame_idx = 200 and region_id = 'b1'")
    assert delta == pytest.approx(180 / 220 - 1, abs=1e-6)


def test_boxes_that_were_turned_overlap_as_in_shapely(built: Connection) -> None:
    with TURNED_BOXES.open(newline="", encoding="utf-8") as file:
        expected = {f"t{row['pair']}": float(row["iou"]) - 1 for row in csv.DictReader(file)}
    rows = built.execute(
        "select region_id, delta_iou, correction from corrections where frame_idx = 202"
    ).fetchall()
    assert {region: delta for region, delta, _ in rows} == {
        region: pytest.approx(delta, abs=1e-6) for region, delta in expected.items()
    }
    assert {correction for *_, correction in rows} == {"moved"}


def test_an_accepted_prediction_is_untouched_all_over(built: Connection) -> None:
    rows = built.execute(
        "select distinct correction, coalesce(distance_px, 0) from corrections where frame_idx = 201"
    ).fetchall()
    assert rows == [("untouched", 0)]


def test_model_errors(built: Connection) -> None:
    row = built.execute(
        "select n, moved, untouched, share_corrected, bias_x_px, bias_y_px, p90_error_px"
        " from model_errors where label = 'index_tip'"
    ).fetchone()
    assert row == (2, 1, 1, 0.5, pytest.approx(-1.5), pytest.approx(-2), pytest.approx(4.5))


# ---------------------------------------------------------------------------------------------
# Annotators, confidence, findings
# ---------------------------------------------------------------------------------------------


def test_records_are_shrunk_towards_the_project(built: Connection) -> None:
    rows = built.execute(
        "select cases, agreement, record, project_mean, record_low, record_high from annotator_records"
        " where agreement is not null"
    ).fetchall()
    assert rows
    for cases, agreement, record, mean, low, high in rows:
        assert record == pytest.approx((agreement * cases + 20 * mean) / (cases + 20), abs=1e-6)
        assert 0 <= low <= record <= high <= 1


def test_gold_is_what_somebody_starred(built: Connection) -> None:
    rows = built.execute(
        "select annotator_id, gold_cases, gold_agreement from annotator_records where gold_cases > 0"
    ).fetchall()
    assert rows == [(2, 1, 1)]


def test_annotations_and_weeks_add_up(built: Connection) -> None:
    totals = built.execute(
        "select project, annotator_id, annotations from annotator_records order by all"
    ).fetchall()
    weeks = built.execute(
        "select project, annotator_id, sum(annotations) from annotator_weeks group by all order by all"
    ).fetchall()
    assert totals == weeks
    assert sum(count for _, _, count in totals) == sum(map(len, REVIEWERS.values())) + 25 + 3


def test_confidence_is_in_range(built: Connection) -> None:
    for name in ("training_set_a", "training_set_b", "training_set_c"):
        low, high, missing = built.execute(
            f"select min(confidence), max(confidence), count(*) - count(confidence) from {name}"
        ).fetchone()
        assert 0 < low <= high <= 1
        assert missing == 0


def test_confidence_falls_with_disagreement(built: Connection) -> None:
    # everybody compared in c has nearly the same record: within a tier the distance decides
    rows = built.execute(
        "select quality_tier, annotator_ids, disagreement_px, confidence from training_set_c"
    ).fetchall()
    for (tier, people, near, more), (other_tier, other_people, far, less) in combinations(rows, 2):
        if (tier, people) == (other_tier, other_people) and near < far:
            assert more > less


def test_confidence_grows_with_agreement(built: Connection) -> None:
    assert (
        one(
            built,
            "select count(*) from training_set_a as less inner join training_set_a as more"
            " on less.annotation_ids = list_intersect(less.annotation_ids, more.annotation_ids)"
            " and len(less.annotation_ids) < len(more.annotation_ids)"
            " and less.episode_key = more.episode_key and less.confidence >= more.confidence",
        )
        == 0
    )


def test_findings_with_few_cases_are_silent_and_say_so(built: Connection) -> None:
    rows = built.execute(
        "select status, n from quality_findings where finding != 'double_reviewed'"
    ).fetchall()
    assert {status for status, n in rows if n < 30} == {"too_few"}
    assert "too_few" not in {status for status, n in rows if n >= 30}
    below = built.execute(
        "select of_whom from quality_findings where finding = 'chance_corrected' and status = 'below'"
    ).fetchall()
    assert sorted(name for (name,) in below) == ["fleiss_kappa", "krippendorff_alpha"]


def test_background_is_a_category(built: Connection) -> None:
    assert one(built, "select count(*) from timeline_votes where category = ?", BACKGROUND) > 0
