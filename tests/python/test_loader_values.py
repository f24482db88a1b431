"""One value at a time: what becomes of odd, missing and wrong ones."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from loading import ABSENT, annotation, box, load_paths, load_tasks, point, segment, task, write_export

Cases = list[tuple[Any, Any]]


def expect(
    folder: Path,
    cases: Cases,
    make: Callable[[Any], dict[str, Any]],
    table: str,
    columns: str,
    project: str = "b",
) -> None:
    """Load one task for each case's value; the row it becomes must be the case's outcome."""
    tasks = [make(value) | {"id": number} for number, (value, _) in enumerate(cases)]
    loaded = load_tasks(folder, *tasks, project=project)
    assert loaded.report.quarantined_count == 0
    rows = {row[0]: row[1:] for row in loaded.rows(table, f"task_id, {columns}")}
    found = [(value, rows.get(number)) for number, (value, _) in enumerate(cases)]
    assert found == [
        (value, outcome if isinstance(outcome, tuple) else (outcome,)) for value, outcome in cases
    ]


def with_region(region: object) -> dict[str, Any]:
    return task(annotations=[annotation(result=[region])])


def test_a_coordinate_is_a_finite_json_number_or_null(tmp_path: Path) -> None:
    cases = {
        "12.5": 12.5,
        "0": 0.0,
        "-3": -3.0,
        "1e2": 100.0,
        "4.99999999999999": 4.99999999999999,
        '"12.5"': None,
        '"NaN"': None,
        "true": None,
        "null": None,
        "[1]": None,
        "{}": None,
        "NaN": None,
        "Infinity": None,
        "-Infinity": None,
        "1e999": None,
        "9" * 400: None,
    }
    tasks = [task(number, [annotation(result=[point(x="HERE")])]) for number in range(len(cases))]
    path = write_export(tmp_path / "b" / "export.json", tasks)
    text = path.read_text()
    for written in cases:
        text = text.replace('"HERE"', written, 1)
    path.write_text(text)
    loaded = load_paths(tmp_path / "harvest.duckdb", path)
    rows = loaded.rows("regions", "task_id, x, y, labels, rotation")
    assert rows == [(number, x, 20.25, ["wrist"], 0.0) for number, x in enumerate(cases.values())]
    assert loaded.report.quarantined_count == 0


def test_rotation_is_0_only_when_there_is_none(tmp_path: Path) -> None:
    cases = [(30, 30.0), (None, 0.0), (ABSENT, 0.0), ("30", None), (True, None), ([], None)]
    expect(tmp_path, cases, lambda value: with_region(box(rotation=value)), "regions", "rotation")


@pytest.mark.parametrize("written", ["NaN", "-Infinity", "1e999", "9" * 400])
@pytest.mark.parametrize("is_careful", [False, True])
def test_a_rotation_that_is_not_finite_is_not_an_absent_one(
    written: str, is_careful: bool, tmp_path: Path
) -> None:
    """Also in a task that the typed envelope refuses, here for an id that is text."""
    path = write_export(tmp_path / "b" / "export.json", [with_region(box(rotation="HERE"))])
    text = path.read_text().replace('"HERE"', written)
    path.write_text(text.replace('"id":1,"annotations"', '"id":"1","annotations"') if is_careful else text)
    loaded = load_paths(tmp_path / "harvest.duckdb", path)
    assert loaded.row("regions", "task_id, x, rotation") == (1, 1.0, None)


def test_a_range_bound_is_a_whole_number_or_null(tmp_path: Path) -> None:
    bounds = [(31, 31), (31.0, 31), (0, 0), (-4, -4)]
    bounds += [(value, None) for value in (31.5, "31", None, ABSENT, True, 1e30)]
    cases = [(value, ([{"start": bound, "end": 90}],)) for value, bound in bounds]
    expect(tmp_path, cases, lambda value: with_region(segment(start=value)), "regions", "ranges", project="a")


def test_ranges_of_any_shape(tmp_path: Path) -> None:
    cases = [
        (ABSENT, ([],)),
        (None, ([],)),
        ({"start": 1}, ([],)),
        ([], ([],)),
        ([{"start": 5}], ([{"start": 5, "end": None}],)),
        ([None], ([{"start": None, "end": None}],)),
        ([7, {"start": 1, "end": 2}], ([{"start": None, "end": None}, {"start": 1, "end": 2}],)),
    ]

    def make(ranges: object) -> dict[str, Any]:
        return with_region(segment() | {"value": {"ranges": ranges, "timelinelabels": ["grasp"]}})

    expect(tmp_path, cases, make, "regions", "ranges", project="a")


def test_labels_are_the_texts_of_a_list(tmp_path: Path) -> None:
    hostile = [
        'Robert"); drop table tasks;--',
        "抓取/перенос «déplacer» 🤖",
        "a\\b\nc\t",
        "",
        "\x00",
        "'",
        "[1]",
    ]
    cases = [
        (["wrist"], (["wrist"],)),
        (["wrist", "thumb"], (["wrist", "thumb"],)),
        (["wrist", 5, None, {"a": 1}, ["x"], True], (["wrist"],)),
        (hostile, (hostile,)),
        *((value, ([],)) for value in ([], None, ABSENT, "wrist", {"wrist": 1})),
    ]

    def make(labels: object) -> dict[str, Any]:
        return with_region(point(value={"keypointlabels": labels}))

    expect(tmp_path, cases, make, "regions", "labels")


def test_labels_stand_under_the_name_of_the_type(tmp_path: Path) -> None:
    result = [
        {"id": "c", "type": "choices", "value": {"choices": ["usable"], "keypointlabels": ["no"]}},
        {"id": "p", "type": "polygonlabels", "value": {"polygonlabels": ["cup"], "points": [[1, 2]]}},
        {"id": "t", "type": "a~b/c", "value": {"a~b/c": ["odd"]}},
        {"from_id": "c", "to_id": "p", "type": "relation"},
        {"id": "n", "value": {"x": 1}},
        {"id": "v", "type": "keypointlabels"},
        {"id": "w", "type": "keypointlabels", "value": 5},
    ]
    loaded = load_tasks(tmp_path, task(annotations=[annotation(result=result)]))
    assert loaded.rows("regions", "region_index, region_id, region_type, labels, x") == [
        (0, "c", "choices", ["usable"], None),
        (1, "p", "polygonlabels", ["cup"], None),
        (2, "t", "a~b/c", ["odd"], None),
        (3, None, "relation", [], None),
        (4, "n", None, [], 1.0),
        (5, "v", "keypointlabels", [], None),
        (6, "w", "keypointlabels", [], None),
    ]


def test_an_item_that_is_no_object_keeps_its_place(tmp_path: Path) -> None:
    loaded = load_tasks(tmp_path, task(annotations=[annotation(result=[None, 5, "x", point("p")])]))
    rows = loaded.rows("regions", "region_index, region_id, region_type, labels, ranges")
    assert rows == [*((i, None, None, [], []) for i in range(3)), (3, "p", "keypointlabels", ["wrist"], [])]
    assert loaded.row("annotations", "region_count") == (4,)


def test_image_size_is_a_number_above_0(tmp_path: Path) -> None:
    cases = [(1920, 1920.0), *((value, None) for value in (0, -5, "1920", None, ABSENT, True))]
    expect(tmp_path, cases, lambda size: with_region(point(original_width=size)), "regions", "original_width")


def test_parent_region(tmp_path: Path) -> None:
    loaded = load_tasks(tmp_path, with_region(point(parentID="hand-1")))
    assert loaded.row("regions", "parent_region_id") == ("hand-1",)


@pytest.mark.parametrize(
    ("field", "cases"),
    [
        (
            "frame_idx",
            [
                *((value, 423) for value in (423, 423.0, "423")),
                *((value, None) for value in ("423.5", "frame", "", True, None, ABSENT, 1e300, [1])),
            ],
        ),
        ("width", [(1920, 1920), ("1920", 1920), ("inf", None), (2**40, None)]),
        ("n_frames", [(900, 900), ("900", 900), (900.5, None)]),
        ("fps", [("29.97", 29.97), (30, 30.0), ("nan", None), ("$fps", None)]),
        (
            "episode_key",
            [("01_001", "01_001"), (7, "7"), ("", None), (None, None), (["x"], None), (True, None)],
        ),
        ("view", [("ego", "ego"), (False, None), (ABSENT, None)]),
        ("task_subdir", [('it\'s "quoted" \\ 🤖', 'it\'s "quoted" \\ 🤖')]),
    ],
)
def test_values_of_a_tasks_data(field: str, cases: Cases, tmp_path: Path) -> None:
    expect(tmp_path, cases, lambda value: task(data={field: value}), "tasks", field)


def test_media_without_a_label_config(tmp_path: Path) -> None:
    cases = [
        ({"image": "a.png"}, "a.png"),
        ({"video": "a.mp4", "image": "a.png"}, "a.png"),  # what a frame is drawn on
        ({"video": "a.mp4", "image": ""}, "a.mp4"),
        ({"video": "", "image": "a.png"}, "a.png"),
        *((data, None) for data in ({"image": None}, {"image": {"url": "a.png"}}, {}, None, [], "text", 5)),
    ]
    expect(tmp_path, cases, lambda data: task(data=data), "tasks", "media")


def test_a_timeline_is_of_the_video(tmp_path: Path) -> None:
    cases = [({"video": "a.mp4", "image": "a.png"}, "a.mp4"), ({"image": "a.png"}, "a.png")]
    expect(tmp_path, cases, lambda data: task(data=data), "tasks", "media", "a")


@pytest.mark.parametrize(
    ("tags", "media_key", "frame_rate"),
    [
        (
            '<Header value="$t"/><Image name="i" value="$pic"/><KeyPointLabels name="k" toName="i"/>',
            "pic",
            None,
        ),
        (
            '<Image name="j" value="$image"/><Image name="i" value="$a/b~&quot;c"/>'
            '<RectangleLabels name="k" toName="i"/>',
            'a/b~"c',
            None,
        ),
        ('<Video name="v" value="$clip" frameRate="25"/>', "clip", "25"),
        ('<Text name="t" value="no key"/>', None, None),
    ],
)
def test_media_key_of_the_label_config(
    tags: str, media_key: str | None, frame_rate: str | None, tmp_path: Path
) -> None:
    write_export(tmp_path / "b" / "project.json", {"label_config": f"<View>{tags}</View>"})
    data = {"t": "title", "image": "image.png"} | ({media_key: "media.png"} if media_key else {})
    loaded = load_tasks(tmp_path, task(1, data=data), task(2, data={"image": "image.png"}))
    assert loaded.row("exports", "media_key, frame_rate") == (media_key, frame_rate)
    media = "media.png" if media_key else "image.png"
    assert loaded.rows("tasks", "task_id, media") == [(1, media), (2, "image.png")]


def test_labels_of_the_label_config(tmp_path: Path) -> None:
    label_config = """<View><Video name="v" value="$video"/>
        <TimelineLabels name="act" toName="v"><Label value="grasp"/><Label value="a&amp;b"/></TimelineLabels>
        <KeyPointLabels name="kp" toName="v"><View><Label value="wrist"/><Label/></View></KeyPointLabels>
        <Choices name="c" toName="v"><Choice value="usable"/></Choices></View>"""
    write_export(tmp_path / "a" / "project.json", {"label_config": label_config})
    loaded = load_tasks(tmp_path, task(), project="a")
    assert loaded.rows("config_labels", "control_name, label, control_type") == [
        ("act", "a&b", "timelinelabels"),
        ("act", "grasp", "timelinelabels"),
        ("kp", "wrist", "keypointlabels"),
    ]


@pytest.mark.parametrize(
    "label_config",
    ["<View><Image", '<!DOCTYPE x [<!ENTITY a "b">]><View><Image name="i" value="$&a;"/></View>'],
)
def test_a_bad_label_config_is_left_out_with_a_warning(label_config: str, tmp_path: Path) -> None:
    write_export(tmp_path / "b" / "project.json", {"label_config": label_config, "maximum_annotations": 2})
    loaded = load_tasks(tmp_path, task())
    assert loaded.row("exports", "maximum_annotations, media_key") == (2, None)
    (warning,) = loaded.report.warnings
    assert "the label config is no valid XML" in warning
    assert "project.json" in warning


def test_times_are_utc_or_null(tmp_path: Path) -> None:
    cases = [
        ("2026-11-21T01:20:32.880320Z", datetime(2026, 11, 21, 1, 20, 32, 880320)),
        ("2026-11-21T01:20:32Z", datetime(2026, 11, 21, 1, 20, 32)),
        ("2026-11-21T01:20:32+02:00", datetime(2026, 11, 20, 23, 20, 32)),
        ("2026-11-21T01:20:32", datetime(2026, 11, 21, 1, 20, 32)),
        *((stamp, None) for stamp in ("yesterday", "infinity", "", None, 1764000000)),
    ]

    def make(stamp: object) -> dict[str, Any]:
        return task(annotations=[annotation(created_at=stamp)])

    expect(tmp_path, cases, make, "annotations", "created_at")


def test_a_person_is_a_number_or_an_object(tmp_path: Path) -> None:
    cases = [
        *((person, (7, 7)) for person in (7, {"id": 7, "email": "a@b.org"}, "7", 7.0, {"id": "7"})),
        *((person, (None, None)) for person in (None, {"email": "a@example.org"}, ABSENT)),
    ]

    def make(person: object) -> dict[str, Any]:
        return task(annotations=[annotation(completed_by=person, updated_by=person)])

    expect(tmp_path, cases, make, "annotations", "annotator_id, updated_by")


def test_an_annotation_with_nothing_but_an_id(tmp_path: Path) -> None:
    loaded = load_tasks(tmp_path, {"id": 1, "annotations": [{"id": 5}]})
    columns = (
        "annotation_id, annotator_id, was_cancelled, is_result_null, region_count, result_count, "
        "is_review_accepted, is_ground_truth_starred, prediction_state, is_prediction_identical"
    )
    assert loaded.row("annotations", columns) == (5, None, False, True, 0, None, None, False, "none", None)
    assert loaded.row("tasks", "task_id, updated_at, media, data") == (1, None, None, None)


def test_an_empty_result_is_a_result(tmp_path: Path) -> None:
    loaded = load_tasks(tmp_path, task(annotations=[annotation(1, result=[]), annotation(2, result=None)]))
    assert loaded.rows("annotations", "annotation_id, is_result_null, region_count") == [
        (1, False, 0),
        (2, True, 0),
    ]


def test_the_latest_review_counts(tmp_path: Path) -> None:
    def review(accepted: object, created_at: str | None) -> dict[str, Any]:
        return {"accepted": accepted, "created_at": created_at}

    cases = [
        (None, None),
        ([], None),
        ([{"accepted": True}], True),
        ([{"accepted": True}, {"accepted": False}], False),
        ([review(False, "2026-01-02T00:00:00Z"), review(True, "2026-01-01T00:00:00Z")], False),
        ([review(False, "2026-01-02T01:00:00+02:00"), review(True, "2026-01-02T00:00:00Z")], True),
        ([review(None, None)], None),
        ("accepted", None),
    ]

    def make(reviews: object) -> dict[str, Any]:
        return task(annotations=[annotation(reviews=reviews)])

    expect(tmp_path, cases, make, "annotations", "is_review_accepted")


PREDICTION = {"id": 11, "result": [point("p", score=0.5)], "model_version": "v1", "score": 0.87}


def test_what_is_known_of_the_prediction(tmp_path: Path) -> None:
    cases = [
        (({}, None, []), ("none", None, None)),
        ((None, None, [11]), ("none", None, None)),
        ((ABSENT, None, [PREDICTION]), ("none", None, None)),
        ((ABSENT, ABSENT, ABSENT), ("none", None, None)),
        (({}, 11, [11]), ("id_only", 11, None)),
        (({}, 11, []), ("id_only", 11, None)),
        (({}, 11, [PREDICTION]), ("known", 11, True)),
        (({}, 12, [PREDICTION]), ("id_only", 12, None)),
        (({}, {"id": 11}, [PREDICTION]), ("known", 11, True)),
        (({}, 11, [{"id": 11, "model_version": "v1"}]), ("id_only", 11, None)),
        (({}, 11, [11, PREDICTION, 11]), ("known", 11, True)),
        ((PREDICTION, None, []), ("known", 11, True)),
        ((PREDICTION, 11, [11]), ("known", 11, True)),
        (({"id": 11, "result": []}, None, [PREDICTION]), ("known", 11, False)),
        (({"id": 11, "result": None}, None, [PREDICTION]), ("known", 11, False)),
        (({"id": 11, "result": "?"}, None, []), ("id_only", 11, None)),
        (({"id": 11}, None, [PREDICTION]), ("known", 11, True)),
        ((11, None, [PREDICTION]), ("known", 11, True)),
        ((11, None, [11]), ("id_only", 11, None)),
        (({"result": [point("p")]}, 11, []), ("known", 11, True)),
    ]

    def make(value: tuple[object, object, object]) -> dict[str, Any]:
        prediction, parent, listed = value
        from_prediction = annotation(result=[point("p")], prediction=prediction, parent_prediction=parent)
        return task(annotations=[from_prediction], predictions=listed)

    expect(tmp_path, cases, make, "annotations", "prediction_state, prediction_id, is_prediction_identical")


def test_model_version_and_score_of_predictions(tmp_path: Path) -> None:
    loaded = load_tasks(
        tmp_path, task(annotations=[annotation(prediction=PREDICTION)], predictions=[PREDICTION, 12])
    )
    assert loaded.row("annotations", "prediction_model_version, prediction_score") == ("v1", 0.87)
    assert loaded.rows("predictions", "prediction_id, model_version, score, is_id_only") == [
        (11, "v1", 0.87, False),
        (12, None, None, True),
    ]


RELATION = {"from_id": "p", "to_id": "q", "type": "relation"}
CHOICE = {"id": "c", "type": "choices", "value": {"choices": ["usable"]}}


def labels(*texts: str) -> dict[str, Any]:
    return point("p", value={"keypointlabels": list(texts)})


def test_comparing_with_the_prediction(tmp_path: Path) -> None:
    """What is surely the same is told here; the models look closely at the rest, such as another order."""
    cases = [
        (([], []), True),
        ((None, []), True),
        (([point("p")], [point("p")]), True),
        (([point("p", origin="manual", score=1, meta={"a": 1}, original_width=1)], [point("p")]), True),
        (([point("p"), point("q", 1)], [point("p"), point("q", 1)]), True),
        (([point("p"), point("q", 1)], [point("q", 1), point("p")]), False),
        (([CHOICE, point("p")], [point("p")]), False),
        (([point("p"), CHOICE, RELATION], [point("p")]), True),
        (([point("p", value={"width": 9})], [point("p")]), True),
        (([point("p", 50)], [point("p", 50.0)]), True),
        (([point("p", 10.5000001)], [point("p", 10.5)]), False),
        (([point("p")], [point("q")]), False),
        (([point("p")], []), False),
        (([], [point("p")]), False),
        (([point("p"), point("p")], [point("p")]), False),
        (([point("p", 1), point("p", 2)], [point("p", 2), point("p", 1)]), False),
        (([labels("thumb")], [labels("wrist")]), False),
        (([labels("a", "b")], [labels("a", "b")]), True),
        (([labels("a", "b")], [labels("b", "a")]), False),
        (([point("p", 1), point("q", 2)], [point("p", 2), point("q", 1)]), False),
        (([box("p")], [box("p")]), True),
        (([box("p", rotation=None)], [box("p", rotation=0)]), True),
        (([box("p", rotation=30)], [box("p")]), False),
        (([box("p", width=3.5)], [box("p")]), False),
        (([box("p")], [point("p")]), False),
        (([segment("p")], []), False),
    ]

    def make(value: tuple[list | None, list]) -> dict[str, Any]:
        result, prediction = value
        return task(annotations=[annotation(result=result, prediction={"id": 3, "result": prediction})])

    expect(tmp_path, cases, make, "annotations", "is_prediction_identical")


def test_comparing_timelines(tmp_path: Path) -> None:
    cases = [
        ([segment("s")], True),
        ([segment("s"), point("p")], False),
        ([segment("s", 37)], False),
        ([segment("s", end=91)], False),
        ([segment("s", label="lift")], False),
    ]

    def make(result: list) -> dict[str, Any]:
        return task(annotations=[annotation(result=result, prediction={"id": 3, "result": [segment("s")]})])

    expect(tmp_path, cases, make, "annotations", "is_prediction_identical", project="a")


def test_a_prediction_that_was_changed_is_staged_whole(tmp_path: Path) -> None:
    prediction = {"id": 3, "result": [point("p", 1), RELATION]}
    kept = annotation(1, result=[point("p", 1)], prediction=prediction)
    moved = annotation(2, result=[point("p", 2)], prediction=prediction)
    loaded = load_tasks(tmp_path, task(annotations=[kept, moved]))
    rows = loaded.rows("prediction_regions", "annotation_id, region_index, region_id, region_type, x")
    assert rows == [(2, 0, "p", "keypointlabels", 1.0), (2, 1, None, "relation", None)]


def test_drafts_as_objects_and_as_ids(tmp_path: Path) -> None:
    drafts = [{"id": 5, "annotation": 1, "created_at": "2026-11-21T01:20:32Z", "result": []}, 6, {"id": 7}]
    loaded = load_tasks(tmp_path, task(drafts=drafts))
    assert loaded.rows("drafts", "draft_id, annotation_id, is_id_only") == [
        (5, 1, False),
        (6, None, True),
        (7, None, False),
    ]


def test_ids_of_any_size_and_counts(tmp_path: Path) -> None:
    big = 2**63 - 1
    big_task = task(
        big, [annotation(big, import_id=big)], total_annotations=3, cancelled_annotations=0, overlap=2
    )
    loaded = load_tasks(tmp_path, big_task)
    assert loaded.row("annotations", "task_id, annotation_id, import_id") == (big, big, big)
    assert loaded.row("tasks", "total_annotations, cancelled_annotations, overlap") == (3, 0, 2)


REPEATED = {
    "task": '"data":{},"data":{}',
    "data": '"data":{"view":"ego","view":"exo"}',
    "draft": '"drafts":[{"id":1,"id":2}]',
    "listed prediction": '"predictions":[{"id":1,"result":[],"id":2}]',
    "annotation": '"annotations":[{"id":2,"was_cancelled":true,"was_cancelled":false}]',
    "person": '"annotations":[{"id":2,"completed_by":{"id":1,"id":2}}]',
    "review": '"annotations":[{"id":2,"reviews":[{"accepted":true,"accepted":false}]}]',
    "prediction": '"annotations":[{"id":2,"prediction":{"id":1,"result":[],"result":[]}}]',
    "region": '"annotations":[{"id":2,"result":[{"id":"a","id":"b","value":{}}]}]',
    "value": '"annotations":[{"id":2,"result":[{"id":"a","value":{"x":1,"x":2}}]}]',
    "predicted value": '"annotations":[{"id":2,"prediction":{"id":1,"result":[{"value":{"x":1,"x":2}}]}}]',
    "range": '"annotations":[{"id":2,"result":[{"value":{"ranges":[{"start":1,"start":2}]}}]}]',
}


@pytest.mark.parametrize("form", ["[{}]", "[{} ]", "{}", "[{}\n"])
@pytest.mark.parametrize("text", REPEATED.values(), ids=REPEATED)
def test_a_key_that_occurs_twice(text: str, form: str, tmp_path: Path) -> None:
    """Whichever of the two a reader takes may be the wrong one; the neighbours are loaded all the same."""
    annotations = "" if "annotations" in text else '"annotations":[],'
    text = '{"id":1,' + annotations + text + "}"
    path = tmp_path / "a" / "export.json"
    path.parent.mkdir()
    tasks = [json.dumps(task(number)) for number in (8, 9)]
    separator = "\n" if form == "{}" else ","
    path.write_text(form.replace("{}", separator.join([tasks[0], text, tasks[1]])))
    loaded = load_paths(tmp_path / "harvest.duckdb", path)
    assert [row[0] for row in loaded.rows("tasks", "task_id")] == [8, 9]
    ((task_id, offset, length, reason),) = [
        row for row in loaded.rows("quarantine", "task_id, byte_offset, byte_length, reason") if row[2] > 1
    ]
    assert (task_id, offset, length) == (1, path.read_text().index(text), len(text))
    assert re.fullmatch(r"the key '\w+' occurs twice in one object", reason)
