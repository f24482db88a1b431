"""All 84 cases of the example exports come out as examples/cases.json and the contract say.

`cases.json` tells what each task is and what it must come out as; `golden/example_verdicts.csv` has the
verdict on each of its annotations, drafts and predictions. They are built with the vars' defaults, and with
`required_reviewers: 1`, so that the cases which only one person labelled are used too.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from compiled_models import compile_models
from harvest.loader import load

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
GOLDEN = Path(__file__).parent / "golden"

CASES: dict[str, dict[str, Any]] = {
    name: {"project": project, **case}
    for project, cases in json.loads((EXAMPLES / "cases.json").read_text("utf-8"))["projects"].items()
    for name, case in cases["cases"].items()
}

# Not somebody's submission, whatever the task's state.
NOT_SUBMITTED = {"prediction", "draft", "cancelled", "bulk_copied", "imported"}

Rows = list[dict[str, Any]]


class Built:
    """The relations built from some exports."""

    def __init__(self, database: Path) -> None:
        self.database = database

    def rows(self, query: str, *parameters: object) -> Rows:
        with duckdb.connect(str(self.database)) as connection:
            found = connection.execute(query, parameters)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def value(self, query: str, *parameters: object) -> Any:
        [row] = self.rows(query, *parameters)
        [value] = row.values()
        return value


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Built]:
    compiled: dict[str, Any] = {}
    built: dict[tuple[str, tuple[Path, ...]], Built] = {}

    def build(exports: dict[str, Path] | None = None, **settings: Any) -> Built:
        exports = exports or {project: EXAMPLES / "exports" / project for project in "abc"}
        variant = json.dumps(settings)
        key = (variant, tuple(exports.values()))
        if key not in built:
            database = tmp_path_factory.mktemp("examples") / "harvest.duckdb"
            load([], projects={project: [path] for project, path in exports.items()}, database=database)
            if variant not in compiled:
                compiled[variant] = compile_models(settings, database, tmp_path_factory.mktemp("compiled"))
            with duckdb.connect(str(database)) as connection:
                compiled[variant].run(connection)
            built[key] = Built(database)
        return built[key]

    return build


@pytest.fixture
def default(build: Callable[..., Built]) -> Built:
    return build()


@pytest.fixture
def one_reviewer(build: Callable[..., Built]) -> Built:
    return build(required_reviewers=1)


def verdicts(built: Built) -> dict[str, Rows]:
    """Per case: what it holds and the verdict on it, in the order of ids."""
    found = defaultdict(list)
    for row in built.rows(
        "select data ->> 'case' as case_name, kind, annotation_id, annotator_id, label_source,"
        " exclusion_reason from annotation_verdicts inner join label_studio.tasks using (project, task_id)"
        " order by kind, annotation_id"
    ):
        found[row.pop("case_name")].append(row)
    return found


@pytest.mark.parametrize("case", CASES)
def test_verdicts(case: str, default: Built) -> None:
    with (GOLDEN / "example_verdicts.csv").open(encoding="utf-8") as file:
        golden = [row for row in csv.DictReader(file) if row["case"] == case]
    got = [
        {"case": case, **{name: "" if value is None else str(value) for name, value in row.items()}}
        for row in verdicts(default)[case]
    ]
    assert got == golden


@pytest.mark.parametrize("case", CASES)
def test_case_is_what_it_was_made_to_be(case: str, default: Built) -> None:
    rows, expect = verdicts(default)[case], CASES[case]["expect"]
    submitted = [row for row in rows if row["exclusion_reason"] not in NOT_SUBMITTED]
    if isinstance(expect.get("gt"), int):
        assert len(submitted) == expect["gt"]
    if expect.get("gt") == "policy":
        assert {row["exclusion_reason"] for row in submitted} <= {"task_skipped", "task_not_labeled"}
    if "skipped" in expect:
        assert any(row["exclusion_reason"] == "cancelled" for row in rows)
    if "draft" in expect:
        assert any(row["kind"] == "draft" for row in rows)
    if "bulk" in expect:
        assert [row["exclusion_reason"] for row in rows if row["kind"] == "annotation"] == ["bulk_copied"]
    if "imported" in expect:
        assert [row["exclusion_reason"] for row in rows if row["kind"] == "annotation"] == ["imported"]
    if "untouched" in expect:
        assert [row["label_source"] for row in submitted] == ["accepted"]
    if "distinct_users" in expect:
        assert len({row["annotator_id"] for row in submitted}) == expect["distinct_users"]
    if "completed_by" in expect:
        assert [row["annotator_id"] for row in submitted] == [expect["completed_by"]]
    if "is_labeled" in expect:
        assert {row["exclusion_reason"] == "task_not_labeled" for row in submitted} == {
            not expect["is_labeled"]
        }


PAIRED = [case for case in CASES if {"px_max", "pairs_px"} & CASES[case]["expect"].keys()]


@pytest.mark.parametrize("case", PAIRED)
def test_distances_are_the_ones_the_labels_were_made_from(case: str, default: Built) -> None:
    expect = CASES[case]["expect"]
    pairs = default.rows(
        "select one.annotator_id as person, other.annotator_id as other_person, pairs.disagreement_px,"
        " pairs.unmatched_points from review_pairs as pairs"
        " inner join reviews as one on pairs.review_id_1 = one.review_id"
        " inner join reviews as other on pairs.review_id_2 = other.review_id"
        " where one.project = ? and one.task_id = ?",
        CASES[case]["project"],
        CASES[case]["task_id"],
    )
    if "pairs_px" in expect:
        people = {2: "alice", 3: "bob", 4: "carol"}
        assert {
            f"{people[row['person']]}-{people[row['other_person']]}": float(row["disagreement_px"])
            for row in pairs
        } == expect["pairs_px"]
    else:
        [pair] = pairs
        assert float(pair["disagreement_px"]) == expect["px_max"]
        assert pair["unmatched_points"] == len(expect.get("missing", {}))


@pytest.mark.parametrize("case", [case for case in PAIRED if "px_mean" in CASES[case]["expect"]])
def test_mean_distances(case: str, build: Callable[..., Built]) -> None:
    by_mean = build(disagreement_statistic="mean")
    mean = by_mean.value(
        "select max(disagreement_px) from review_pairs inner join reviews on review_id_1 = review_id"
        " where reviews.project = ? and task_id = ?",
        CASES[case]["project"],
        CASES[case]["task_id"],
    )
    assert float(mean) == CASES[case]["expect"]["px_mean"]


TIERS = {
    "03": "hi",
    "04": "med",
    "05": "lo",
    "06": "med",  # exactly 5 px
    "07": "med",  # exactly 20 px
    "08": "lo",  # one point 60 px off
    "09": "med",  # hi, but for a point only one reviewer has
    "16": "hi",  # both say: nothing here
    "17": "med",
    "23": "med",  # one of three outvoted
    "25": "single",  # a copy is no second review
    "31": "med",  # hi, but for a box each with another label
}


@pytest.mark.parametrize("case", [case for case in CASES if case[0] != "a" and case[1:] in TIERS])
def test_tiers(case: str, default: Built) -> None:
    tier = default.value(
        "select any_value(quality_tier) from frame_tiers inner join reviews using (place_id)"
        " where reviews.project = ? and reviews.task_id = ?",
        CASES[case]["project"],
        CASES[case]["task_id"],
    )
    assert tier == TIERS[case[1:]]


def test_fuzzy_boundaries(default: Built) -> None:
    """a04: two people label the same video; where their segments begin and end differs by 3 frames."""
    spread = default.rows(
        "select labels[1] as label, max(ranges[1].start) - min(ranges[1].start) as at_start,"
        ' max(ranges[1]."end") - min(ranges[1]."end") as at_end'
        " from label_studio.regions where project = 'a' and task_id = ? group by all",
        CASES["a04"]["task_id"],
    )
    assert {row["label"]: [row["at_start"], row["at_end"]] for row in spread} == CASES["a04"]["expect"][
        "boundary_diff_frames"
    ]


def test_odd_segments(default: Built) -> None:
    """a16: two ranges, two labels, no end, no label, a segment past the end of the video."""
    segments = default.rows(
        "select label, segment_start, segment_end, is_clipped from timeline_segments inner join reviews"
        " using (review_id) where task_id = ? order by all",
        CASES["a16"]["task_id"],
    )
    assert [tuple(row.values()) for row in segments] == [
        ("grasp", 59, 69, False),
        ("lift", 59, 69, False),
        ("move", 9, 19, False),
        ("move", 39, 49, False),
        ("place", 79, 79, False),
        ("release", 109, 119, False),
        ("retract", 889, 899, True),
    ]
    assert default.rows("select region_id, reason from rejected_regions where project = 'a'") == [
        {"region_id": "m3", "reason": "no_label"}
    ]


def test_empty_timeline_is_an_answer(default: Built) -> None:
    """a10: nothing happens in this video; no row, but the reviewer counts."""
    assert default.value(
        "select count(*) from reviews where project = 'a' and task_id = ?", CASES["a10"]["task_id"]
    )


@pytest.mark.parametrize("project", ["b", "c"])
def test_second_import_of_a_frame_meets_the_first(project: str, one_reviewer: Built) -> None:
    """b29, c29: carol labels a copy of the frame of case 03, in a task of its own."""
    people = one_reviewer.value(
        "select list_sort(list(annotator_id)) from reviews where place_id ="
        " (select place_id from reviews where project = ? and task_id = ?)",
        project,
        CASES[f"{project}29"]["task_id"],
    )
    assert people == [2, 3, 4]


@pytest.mark.parametrize("project", ["b", "c"])
def test_repeated_labels_are_numbered_from_left_to_right(project: str, one_reviewer: Built) -> None:
    label = CASES[f"{project}10"]["expect"]["duplicate_label"]
    points = one_reviewer.rows(
        "select instance, x_px, y_px from keypoints inner join reviews using (review_id)"
        " where project = ? and task_id = ? and label = ? order by instance",
        project,
        CASES[f"{project}10"]["task_id"],
        label,
    )
    assert [point["instance"] for point in points] == ["#1", "#2"]
    assert (points[0]["x_px"], points[0]["y_px"]) < (points[1]["x_px"], points[1]["y_px"])


@pytest.mark.parametrize("project", ["b", "c"])
def test_image_size_from_the_task(project: str, one_reviewer: Built) -> None:
    """b26, c26: a script wrote regions without original_width and original_height."""
    sample = one_reviewer.rows(
        f"select image_width, image_height, len(keypoints) as points from training_set_{project}"
        " where annotation_ids = (select list(annotation_id) from reviews where project = ? and task_id = ?)",
        project,
        CASES[f"{project}26"]["task_id"],
    )
    assert [tuple(row.values()) for row in sample] == [
        {"b": (1920, 1080, 21), "c": (1280, 720, 33)}[project]  # width, height, points
    ]


@pytest.mark.parametrize("project", ["b", "c"])
def test_keys_from_the_file_name(project: str, one_reviewer: Built) -> None:
    """b28, c28: only the path of an s3:// image carries the episode and the frame."""
    expect = CASES[f"{project}28"]["expect"]
    place = one_reviewer.rows(
        "select episode_key, frame_idx, media from task_keys where project = ? and task_id = ?",
        project,
        CASES[f"{project}28"]["task_id"],
    )
    assert (place[0]["episode_key"], place[0]["frame_idx"]) == (expect["episode_key"], expect["frame_idx"])
    assert place[0]["media"].startswith("s3://")


def test_key_from_an_encoded_path(default: Built) -> None:
    """a21: neither episode nor frame rate in the data, and a percent-encoded path."""
    place = default.rows(
        "select episode_key, view, media from task_keys where project = 'a' and task_id = ?",
        CASES["a21"]["task_id"],
    )
    assert (place[0]["episode_key"], place[0]["view"]) == ("03_002", "ego")
    assert "%" not in place[0]["media"]


@pytest.mark.parametrize("project", ["b", "c"])
def test_bad_regions_leave_the_rest_standing(project: str, one_reviewer: Built) -> None:
    """b30, c30: two labels on a point, none on another, coordinates outside, a parent, a relation."""
    task = CASES[f"{project}30"]["task_id"]
    rejected = one_reviewer.rows(
        "select region_index, reason from rejected_regions where project = ? and task_id = ? order by all",
        project,
        task,
    )
    assert [tuple(row.values()) for row in rejected] == [
        (2, "several_labels"),
        (3, "out_of_bounds"),
        (4, "no_label"),
    ]
    points = one_reviewer.value(
        "select count(*) from keypoints inner join reviews using (review_id)"
        " where project = ? and task_id = ?",
        project,
        task,
    )
    assert points == {"b": 21, "c": 33}[project] - 3


def test_parent_lends_its_label(one_reviewer: Built) -> None:
    """b30: a point hangs on the box of the object."""
    instances = one_reviewer.rows(
        "select distinct label, instance from keypoints inner join reviews using (review_id)"
        " where project = 'b' and task_id = ? and instance != ''",
        CASES["b30"]["task_id"],
    )
    assert instances == [{"label": "thumb_cmc", "instance": "operated_object"}]


def test_rotated_box(one_reviewer: Built) -> None:
    """b20: two boxes of one label, one of them turned by 30 degrees."""
    boxes = one_reviewer.rows(
        "select instance, rotation from boxes inner join reviews using (review_id)"
        " where project = 'b' and task_id = ? order by instance",
        CASES["b20"]["task_id"],
    )
    assert sorted(box["rotation"] for box in boxes) == [0.0, 30.0]
    assert [box["instance"] for box in boxes] == ["#1", "#2"]


def flavoured(flavour: str, folder: Path) -> dict[str, Path]:
    """Another export of the same tasks, beside the same project.json."""
    for project in "ab":
        (folder / project).mkdir()
        shutil.copy(EXAMPLES / f"flavours/{project}_{flavour}.json", folder / project)
        shutil.copy(EXAMPLES / f"exports/{project}/project.json", folder / project)
    return {project: folder / project for project in "ab"}


FLAVOURS = ["export_json", "snapshot_full", "snapshot_default", "tasks_list_fields_all"]


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_flavours_say_the_same(
    flavour: str, default: Built, build: Callable[..., Built], tmp_path: Path
) -> None:
    """The same tasks in another flavour: the same ground truth, and the same rows to train on."""
    other = build(flavoured(flavour, tmp_path))
    for query in (
        "select project, task_id, annotation_id, annotator_id, submitted_at, is_ground_truth"
        " from annotation_verdicts where project != 'c' and kind = 'annotation' order by all",
        "from training_set_a order by all",
        "select * exclude (label_source) from training_set_b order by episode_key, frame_idx, annotation_ids",
        "select * from frame_reviews where project = 'b' order by all",
    ):
        assert other.rows(query) == default.rows(query)


@pytest.mark.parametrize("flavour", ["export_json", "snapshot_full", "snapshot_default"])
def test_flavours_with_embedded_predictions_know_the_source(
    flavour: str, default: Built, build: Callable[..., Built], tmp_path: Path
) -> None:
    other = build(flavoured(flavour, tmp_path))
    query = (
        "select project, annotation_id, label_source from annotation_verdicts"
        " where project != 'c' and kind = 'annotation' and exclusion_reason is distinct from 'bulk_copied'"
        " order by all"
    )
    assert other.rows(query) == default.rows(query)
