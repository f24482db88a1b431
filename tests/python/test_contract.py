"""The models against the reference, over random exports and every var; the reference against the truth.

The dbt project is compiled once per set of vars. Per example the random export is loaded, the compiled
models are run in their order on one connection, and the six relations are compared row by row. A failure
reports the first differences and the smallest export found that still shows one of them.

CONTRACT_EXAMPLES (default 8) is the number of random exports per set of vars, CONTRACT_FIRST_SEED where
they start: `CONTRACT_EXAMPLES=200 pytest tests/python/test_contract.py` is a long look.
"""

from __future__ import annotations

import copy
import json
import math
import os
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

import reference
from compiled_models import CompiledModels, compile_models
from harvest.errors import HarvestError
from harvest.loader import load
from random_exports import Documents, random_exports, write_exports
from reference import Box, Reference, harvest

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"

EXAMPLES_PER_VARS = int(os.environ.get("CONTRACT_EXAMPLES", "8"))
FIRST_SEED = int(os.environ.get("CONTRACT_FIRST_SEED", "0"))
SHRINK_SECONDS = float(os.environ.get("CONTRACT_SHRINK_SECONDS", "20"))

# Numbers rounded to 6 digits may differ by one step of the last digit.
FLOAT_TOLERANCE = 1.5e-6

# Every var is moved from its default in at least one set.
VARS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "averages": {
        "required_reviewers": 2,
        "skip_policy": "ignore",
        "boundary_weight": 0.3,
        "boundary_frames": 2,
        "disagreement_statistic": "mean",
        "hi_samples": "average",
        "lo_px": 40,
    },
    "lenient": {
        "harvest_imported": True,
        "timeline_frame_base": 0,
        "boundary_frames": 0,
        "disagreement_statistic": "median",
        "box_tiers": False,
        "hi_samples": "average",
        "hi_px": 12.5,
        "lo_px": 60,
    },
    "strict": {
        "episode_key_pattern": r"(\d{2}_\d{3})",
        "frame_pattern": r"_f0*([1-9]\d*)\.",
        "boundary_weight": 0.05,
        "boundary_frames": 6,
        "hi_px": 2,
        "lo_px": 10,
        "hi_iou": 0.9,
        "lo_iou": 0.75,
        "required_reviewers": 1,
    },
}

KEYS = {
    "annotation_verdicts": ("project", "task_id", "kind", "annotation_id"),
    "rejected_regions": ("project", "task_id", "annotation_id", "region_id", "reason"),
    "frame_reviews": ("project", "episode_key", "view", "frame_idx"),
    "training_set_a": ("episode_key", "view", "frame_idx", "label"),
    "training_set_b": ("episode_key", "view", "frame_idx", "annotation_ids"),
    "training_set_c": ("episode_key", "view", "frame_idx", "annotation_ids"),
}
# Columns of the training sets that the contract does not know, after its own.
BEYOND_CONTRACT = {
    "training_set_a": {"confidence": "DOUBLE", "label_posterior": "DOUBLE"},
    "training_set_b": {"confidence": "DOUBLE"},
    "training_set_c": {"confidence": "DOUBLE"},
}
SAMPLE_COLUMNS = {
    "episode_key": "VARCHAR",
    "view": "VARCHAR",
    "media": "VARCHAR",
    "frame_idx": "INTEGER",
    "image_width": "INTEGER",
    "image_height": "INTEGER",
    "quality_tier": "VARCHAR",
    "needs_spot_check": "BOOLEAN",
    "disagreement_px": "DOUBLE",
    "reviewer_count": "INTEGER",
    "annotation_ids": "BIGINT[]",
    "annotator_ids": "BIGINT[]",
    "label_source": "VARCHAR",
    "keypoints": 'STRUCT("label" VARCHAR, instance VARCHAR, x DOUBLE, y DOUBLE)[]',
    "boxes": (
        'STRUCT("label" VARCHAR, instance VARCHAR, x DOUBLE, y DOUBLE, '
        "width DOUBLE, height DOUBLE, rotation DOUBLE)[]"
    ),
}
COLUMNS = {
    "annotation_verdicts": {
        "project": "VARCHAR",
        "task_id": "BIGINT",
        "kind": "VARCHAR",
        "annotation_id": "BIGINT",
        "annotator_id": "BIGINT",
        "submitted_at": "TIMESTAMP",
        "label_source": "VARCHAR",
        "is_ground_truth": "BOOLEAN",
        "exclusion_reason": "VARCHAR",
    },
    "rejected_regions": {
        "project": "VARCHAR",
        "task_id": "BIGINT",
        "annotation_id": "BIGINT",
        "region_id": "VARCHAR",
        "reason": "VARCHAR",
    },
    "frame_reviews": {
        "project": "VARCHAR",
        "episode_key": "VARCHAR",
        "view": "VARCHAR",
        "frame_idx": "INTEGER",
        "media": "VARCHAR",
        "reviewer_count": "INTEGER",
        "quality_tier": "VARCHAR",
        "disagreement_px": "DOUBLE",
        "box_iou": "DOUBLE",
        "unmatched_points": "INTEGER",
        "unmatched_boxes": "INTEGER",
        "outlier_count": "INTEGER",
        "needs_spot_check": "BOOLEAN",
        "kept_annotation_ids": "BIGINT[]",
    },
    "training_set_a": {
        "episode_key": "VARCHAR",
        "view": "VARCHAR",
        "media": "VARCHAR",
        "frame_idx": "INTEGER",
        "label": "VARCHAR",
        "weight": "DOUBLE",
        "agreement": "DOUBLE",
        "label_rank": "INTEGER",
        "reviewer_count": "INTEGER",
        "segment_start": "INTEGER",
        "segment_end": "INTEGER",
        "annotation_ids": "BIGINT[]",
    },
    "training_set_b": SAMPLE_COLUMNS,
    "training_set_c": SAMPLE_COLUMNS,
}


# ---------------------------------------------------------------------------------------------
# Running the compiled models
# ---------------------------------------------------------------------------------------------


def compile_project(settings: dict[str, Any], folder: Path) -> CompiledModels:
    """Compile what the six relations need with some vars, against a staged export."""
    exports, database = folder / "exports", folder / "harvest.duckdb"
    write_exports(random_exports(0, tasks=2), exports)
    load([exports], database=database)
    return compile_models(settings, database, folder, wanted=KEYS)


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], CompiledModels]:
    """Compiles the project for a set of vars, once."""
    compiled: dict[str, CompiledModels] = {}

    def project(name: str) -> CompiledModels:
        if name not in compiled:
            compiled[name] = compile_project(VARS[name], tmp_path_factory.mktemp(name))
        return compiled[name]

    return project


class Bench:
    """One DuckDB file in which examples are loaded and harvested one after the other."""

    def __init__(self, folder: Path) -> None:
        self.exports = folder / "exports"
        self.database = folder / "harvest.duckdb"
        self.shrink_seconds = SHRINK_SECONDS  # left for all failures together

    def write(self, documents: Documents) -> list[tuple[str, Path]]:
        shutil.rmtree(self.exports, ignore_errors=True)
        return write_exports(documents, self.exports, seed=len(documents))

    def by_models(self, project: CompiledModels) -> dict[str, list[dict[str, Any]]]:
        """What the models make of the export at hand."""
        load([self.exports], database=self.database)
        with duckdb.connect(str(self.database)) as connection:
            connection.execute("set threads = 1")
            project.run(connection)
            return {
                name: rows_of(connection, project.relations[name], list(columns))
                for name, columns in COLUMNS.items()
            }

    def differences(
        self, documents: Documents, project: CompiledModels, settings: dict[str, Any]
    ) -> list[str]:
        """What the models and the reference do not agree on, or why there is no answer."""
        expected = harvest(self.write(documents), **settings)
        try:
            return differences(expected, self.by_models(project))
        except (HarvestError, duckdb.Error) as error:
            return [f"{type(error).__name__} {error}"]


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("bench"))


def rows_of(connection: duckdb.DuckDBPyConnection, relation: str, columns: list[str]) -> list[dict[str, Any]]:
    found = connection.execute(f"select {', '.join(columns)} from {relation}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in found]


# ---------------------------------------------------------------------------------------------
# Comparing
# ---------------------------------------------------------------------------------------------


def differences(expected: Reference, got: dict[str, list[dict[str, Any]]]) -> list[str]:
    """One line per row or column that differs: relation, key, column, expected, got."""
    return [
        f"{relation} {difference}"
        for relation, key in KEYS.items()
        for difference in relation_differences(getattr(expected, relation), got[relation], key)
    ]


def relation_differences(expected: list[Any], got: list[Any], key: tuple[str, ...]) -> Iterator[str]:
    """Rows are a multiset: those with the same key are paired in the order of their other columns."""
    expected_rows, got_rows = by_key(expected, key), by_key(got, key)
    for place in sorted(expected_rows.keys() | got_rows.keys()):
        wanted, found = expected_rows.get(place, []), got_rows.get(place, [])
        if len(wanted) != len(found):
            yield f"{place}: expected {len(wanted)} rows, got {len(found)}: {[*wanted, *found][0]}"
            continue
        for left, right in zip(wanted, found, strict=True):
            for column in left:
                if not same(left[column], right[column]):
                    yield f"{place} {column}: expected {left[column]!r}, got {right[column]!r}"


def by_key(rows: list[Any], key: tuple[str, ...]) -> dict[str, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[" ".join(str(row[column]) for column in key)].append(row)
    return {place: sorted(group, key=str) for place, group in found.items()}


def same(left: Any, right: Any) -> bool:
    """Floats within the tolerance, everything else exactly; lists and structs by their parts."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[name], right[name]) for name in left)
    if isinstance(left, float) and isinstance(right, float | int | Decimal):
        return math.isclose(left, float(right), rel_tol=1e-12, abs_tol=FLOAT_TOLERANCE)
    return type(left) is type(right) and left == right


# ---------------------------------------------------------------------------------------------
# Shrinking
# ---------------------------------------------------------------------------------------------


def shrunk(documents: Documents, fails: Callable[[Documents], bool], seconds: float) -> Documents:
    """Leave parts out as long as it still fails: files, then the elements of every list, big pieces first."""
    deadline = time.monotonic() + seconds
    smallest = copy.deepcopy(documents)
    progress = True
    while progress:
        progress = False
        for path in sorted(lists_in(smallest), key=len):
            whole = at(smallest, path)
            size = len(whole) if whole else 0
            piece = max(1, size // 2)
            start = 0
            while whole and piece and time.monotonic() < deadline:
                attempt = copy.deepcopy(smallest)
                container = at(attempt, path)
                for name in keys_of(container)[start : start + piece][::-1]:
                    del container[name]
                if len(container) < len(whole) and fails(attempt):
                    smallest, whole, progress = attempt, container, True
                else:
                    start += piece
                if start >= len(whole):
                    start, piece = 0, piece // 2
        progress = progress and time.monotonic() < deadline
    return smallest


def keys_of(container: Any) -> list[Any]:
    """What can be left out of a list, or of the files."""
    return list(container) if isinstance(container, dict) else list(range(len(container)))


def lists_in(documents: Documents) -> list[tuple[Any, ...]]:
    """Paths of the files' dict and of all lists in it, outermost first."""
    found: list[tuple[Any, ...]] = [()]

    def visit(value: Any, path: tuple[Any, ...]) -> None:
        if isinstance(value, list) and value:
            found.append(path)
        for name, part in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(part, dict | list):
                visit(part, (*path, name))

    visit(documents, ())
    return found


def at(documents: Any, path: tuple[Any, ...]) -> Any:
    """The container at a path; None when an earlier cut took it away."""
    for name in path:
        try:
            documents = documents[name]
        except (IndexError, KeyError, TypeError):
            return None
    return documents if isinstance(documents, list | dict) else None


# ---------------------------------------------------------------------------------------------
# The models
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + EXAMPLES_PER_VARS))
@pytest.mark.parametrize("name", VARS)
def test_models_follow_the_contract(
    name: str, seed: int, projects: Callable[[str], CompiledModels], bench: Bench
) -> None:
    project, settings = projects(name), VARS[name]
    seed = 1000 * list(VARS).index(name) + seed
    documents = random_exports(seed)
    found = bench.differences(documents, project, settings)
    if found:
        kinds = {kind_of(difference) for difference in found}

        def still_fails(smaller: Documents) -> bool:
            return any(kind_of(left) in kinds for left in bench.differences(smaller, project, settings))

        started = time.monotonic()
        smallest = shrunk(documents, still_fails, bench.shrink_seconds)
        bench.shrink_seconds = max(0.0, bench.shrink_seconds - (time.monotonic() - started))
        left = bench.differences(smallest, project, settings)
        pytest.fail(
            f"seed {seed}, vars {settings}: {len(found)} differences\n"
            + "\n".join(found[:12])
            + f"\n\nstill differing in a smaller export:\n{chr(10).join(left[:6])}"
            + f"\n{json.dumps(smallest, ensure_ascii=False)[:20_000]}",
            pytrace=False,
        )


def kind_of(difference: str) -> str:
    """Relation and column of a difference, by which a smaller export shows the same one."""
    relation, *_, column = difference.split(": expected")[0].split(" ")
    return f"{relation} {column}" if column in COLUMNS.get(relation, ()) else relation


@pytest.mark.parametrize("name", VARS)
def test_models_follow_the_contract_on_the_real_exports(
    name: str, projects: Callable[[str], CompiledModels], bench: Bench
) -> None:
    shutil.rmtree(bench.exports, ignore_errors=True)
    shutil.copytree(EXAMPLES / "exports", bench.exports)
    expected = harvest(real_exports(bench.exports), **VARS[name])
    assert differences(expected, bench.by_models(projects(name))) == []


def test_columns_have_the_names_and_types_of_the_contract(
    projects: Callable[[str], CompiledModels], bench: Bench
) -> None:
    project = projects("defaults")
    bench.write(random_exports(0, tasks=2))
    bench.by_models(project)
    with duckdb.connect(str(bench.database)) as connection:
        got = {
            name: {row[0]: row[1] for row in connection.execute(f"describe {relation}").fetchall()}
            for name, relation in project.relations.items()
            if name in KEYS
        }
    for name, columns in COLUMNS.items():
        if name.startswith("training_set"):
            assert got[name] == columns | BEYOND_CONTRACT[name]
        else:  # these may say more than the contract asks for
            assert {column: got[name].get(column) for column in columns} == columns, name


def real_exports(folder: Path) -> list[tuple[str, Path]]:
    return [(letter, folder / letter / "export_all_tasks.json") for letter in "abc"]


# ---------------------------------------------------------------------------------------------
# The reference against the truth the real exports were made from
# ---------------------------------------------------------------------------------------------

TRUTH = json.loads((EXAMPLES / "cases.json").read_text(encoding="utf-8"))
CASES = {
    name: (letter, case["task_id"], case["expect"])
    for letter, project in TRUTH["projects"].items()
    for name, case in project["cases"].items()
}
SUBMITTED_BUT_LATER_EXCLUDED = {None, "task_not_labeled", "task_skipped", "superseded"}


@pytest.fixture(scope="module")
def truth() -> Reference:
    """Every task by itself: each person's review counts, and none meets another task's."""
    return harvest(real_exports(EXAMPLES / "exports"), required_reviewers=1, skip_policy="ignore")


def case_rows(found: Reference, name: str) -> list[dict[str, Any]]:
    letter, task_id, _ = CASES[name]
    return [row for row in found.annotation_verdicts if (row["project"], row["task_id"]) == (letter, task_id)]


def submitted(found: Reference, name: str) -> list[dict[str, Any]]:
    return [
        row
        for row in case_rows(found, name)
        if row["kind"] == "annotation" and row["exclusion_reason"] in SUBMITTED_BUT_LATER_EXCLUDED
    ]


def frame_of(found: Reference, name: str) -> dict[str, Any]:
    """The frame review that a case's annotations went into."""
    ids = {row["annotation_id"] for row in submitted(found, name)}
    letter, task_id, _ = CASES[name]
    task = next(t for t in raw_tasks(letter) if t["id"] == task_id)
    place = (letter, task["data"]["episode_key"], task["data"]["view"], task["data"]["frame_idx"])
    assert ids
    return next(
        row
        for row in found.frame_reviews
        if (row["project"], row["episode_key"], row["view"], row["frame_idx"]) == place
    )


def raw_tasks(letter: str) -> list[Any]:
    path = EXAMPLES / "exports" / letter / "export_all_tasks.json"
    return json.loads(path.read_text(encoding="utf-8"))


def expecting(key: str) -> list[str]:
    return [name for name, (_, _, expect) in CASES.items() if key in expect]


@pytest.mark.parametrize("name", [n for n in expecting("gt") if CASES[n][2]["gt"] != "policy"])
def test_reference_counts_what_people_submitted(name: str, truth: Reference) -> None:
    assert len(submitted(truth, name)) == CASES[name][2]["gt"]


@pytest.mark.parametrize("name", [n for n in expecting("gt") if CASES[n][2]["gt"] == "policy"])
def test_reference_leaves_a_half_skipped_task_to_the_policy(name: str, truth: Reference) -> None:
    export = real_exports(EXAMPLES / "exports")
    strict = harvest(export, required_reviewers=1)
    assert Counter(row["exclusion_reason"] for row in submitted(strict, name)) == {"task_skipped": 1}
    assert "task_skipped" not in {row["exclusion_reason"] for row in submitted(truth, name)}


@pytest.mark.parametrize(
    ("key", "reason"),
    [("skipped", "cancelled"), ("draft", "draft"), ("bulk", "bulk_copied"), ("imported", "imported")],
)
def test_reference_excludes_what_nobody_stands_for(key: str, reason: str, truth: Reference) -> None:
    for name in expecting(key):
        assert reason in {row["exclusion_reason"] for row in case_rows(truth, name)}, name


def test_reference_tells_untouched_predictions(truth: Reference) -> None:
    for name in expecting("untouched"):
        assert [row["label_source"] for row in submitted(truth, name)] == ["accepted"], name


def test_reference_knows_people_from_annotations(truth: Reference) -> None:
    for name in expecting("distinct_users"):
        people = {row["annotator_id"] for row in submitted(truth, name)}
        assert len(people) == CASES[name][2]["distinct_users"], name
    for name in expecting("completed_by"):
        assert [row["annotator_id"] for row in submitted(truth, name)] == [None], name


def test_reference_knows_unfinished_tasks() -> None:
    found = harvest(real_exports(EXAMPLES / "exports"))
    for name in expecting("is_labeled"):
        reasons = {row["exclusion_reason"] for row in submitted(found, name)}
        assert reasons == {"task_not_labeled"}, name


@pytest.mark.parametrize("statistic", ["max", "mean"])
def test_reference_measures_the_pixels_the_labels_were_made_with(statistic: str) -> None:
    found = harvest(real_exports(EXAMPLES / "exports"), disagreement_statistic=statistic)
    for name in [n for n in expecting(f"px_{statistic}") if CASES[n][2]["gt"] == 2]:
        assert frame_of(found, name)["disagreement_px"] == CASES[name][2][f"px_{statistic}"], name


def test_reference_measures_pairs_of_three(truth: Reference) -> None:
    for name in expecting("pairs_px"):
        letter, task_id, expect = CASES[name]
        tasks = [
            reference.read_task(letter, path, raw, reference.Settings())
            for project, path in real_exports(EXAMPLES / "exports")
            for raw in reference.tasks_of(path)
            if project == letter and raw["id"] == task_id
        ]
        labels = [
            reference.frame_labels(reference.Review(tasks[0], annotation, "scratch"))
            for annotation in tasks[0].annotations
        ]
        pairs = reference.pairs_of(labels, reference.Settings())
        got = sorted(pair.disagreement_micro_px / 1e6 for pair in pairs.values())
        assert got == sorted(expect["pairs_px"].values()), name
        frame = frame_of(truth, name)
        assert (frame["disagreement_px"], frame["outlier_count"]) == (5.0, 1), name


def test_reference_counts_a_copy_as_no_review(truth: Reference) -> None:
    for name in expecting("independent"):
        frame = frame_of(truth, name)
        assert (frame["reviewer_count"], frame["quality_tier"]) == (1, "single"), name


def test_reference_sees_missing_points_and_double_ones(truth: Reference) -> None:
    for name in expecting("missing"):
        assert frame_of(truth, name)["unmatched_points"] == len(CASES[name][2]["missing"]), name
    rows = {"b": truth.training_set_b, "c": truth.training_set_c}
    for name in expecting("duplicate_label"):
        ids = [row["annotation_id"] for row in submitted(truth, name)]
        sample = next(row for row in rows[name[0]] if row["annotation_ids"] == ids)
        label = CASES[name][2]["duplicate_label"]
        instances = [point["instance"] for point in sample["keypoints"] if point["label"] == label]
        assert instances == ["#1", "#2"], name


def test_reference_finds_places_in_paths_and_sizes_in_data(truth: Reference) -> None:
    rows = {"b": truth.training_set_b, "c": truth.training_set_c}
    for name in [*expecting("frame_idx"), *expecting("dims")]:
        ids = [row["annotation_id"] for row in submitted(truth, name)]
        sample = next(row for row in rows[name[0]] if row["annotation_ids"] == ids)
        expect = CASES[name][2]
        assert sample["episode_key"] == expect.get("episode_key", sample["episode_key"]), name
        assert sample["frame_idx"] == expect.get("frame_idx", sample["frame_idx"]), name
        assert sample["image_width"] == {"b": 1920, "c": 1280}[name[0]], name


def test_reference_meets_the_second_import_of_a_frame(truth: Reference) -> None:
    for name in expecting("duplicate_of"):
        assert frame_of(truth, name)["reviewer_count"] == 3, name


def test_reference_reads_empty_reviews_as_agreement(truth: Reference) -> None:
    for name in expecting("keypoints"):
        frame = frame_of(truth, name)
        assert (frame["quality_tier"], frame["disagreement_px"]) == ("hi", 0.0), name


# ---------------------------------------------------------------------------------------------
# The reference's trickiest helpers
# ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (Box(0, 0, 45, 30, 0), Box(5, 0, 45, 30, 0), 0.8),
        (Box(0, 0, 45, 30, 0), Box(15, 0, 45, 30, 0), 0.5),
        (Box(0, 0, 45, 30, 0), Box(45, 0, 45, 30, 0), 0.0),
        (Box(0, 0, 45, 30, 360), Box(0, 0, 45, 30, -720), 1.0),
        (Box(0, 0, 0, 30, 0), Box(0, 0, 0, 30, 0), 0.0),
        (Box(0, 0, 0, 30, 30), Box(0, 0, 0, 30, 30), 0.0),
        (Box(0, 0, 45, 30, 30), Box(0, 0, 45, 30, 30), 1.0),
        # turned by 90 degrees about its corner, a box lies to the left of it
        (Box(0, 0, 45, 30, 90), Box(-30, 0, 30, 45, 0), 1.0),
        (Box(0, 0, 45, 30, 90), Box(0, 0, 45, 30, 0), 0.0),
        (Box(0, 0, 45, 30, 180), Box(-45, -30, 45, 30, 0), 1.0),
        # a square in a square on its tip: the tip's square has half the area
        (Box(0, 0, 2, 2, 0), Box(1, 0, math.sqrt(2), math.sqrt(2), 45), 0.5),
        # two squares of side 2 about one centre, one turned by 45 degrees: an octagon
        (Box(0, 0, 2, 2, 0), Box(1, 1 - math.sqrt(2), 2, 2, 45), 0.707107),
        # the same direction, one 15 px further along it
        (Box(0, 0, 45, 30, 30), Box(15 * math.cos(math.pi / 6), 7.5, 45, 30, 30), 0.5),
    ],
)
def test_iou(left: Box, right: Box, expected: float) -> None:
    assert reference.iou(left, right) == round(expected * 1e6)
    assert reference.iou(right, left) == round(expected * 1e6)


@pytest.mark.parametrize(
    ("media", "published"),
    [
        ("/data/local-files/?d=a%2F01_001%20ego.mp4", "a/01_001 ego.mp4"),
        ("http://host/data/local-files/?d=a%2Fb+c%252F.mp4", "a/b+c%2F.mp4"),
        ("/data/upload/6/d868cf6f-01_001_ego_f000423.png", "/data/upload/6/01_001_ego_f000423.png"),
        ("/data/upload/6/d868cf6-x.png", "/data/upload/6/d868cf6-x.png"),
        ("/data/other/6/d868cf6f-x.png", "/data/other/6/d868cf6f-x.png"),
        ("s3://robot/a%20b.png", "s3://robot/a%20b.png"),
        (None, None),
    ],
)
def test_published_media(media: str | None, published: str | None) -> None:
    assert reference.published_media(media) == published


@pytest.mark.parametrize(
    ("length", "boundary_frames", "weights"),
    [
        (1, None, [0.5]),
        (2, None, [0.5, 0.5]),
        (3, None, [0.5, 1.0, 0.5]),
        (4, None, [0.5, 1.0, 1.0, 0.5]),
        (7, None, [0.5, 0.666667, 0.833333, 1.0, 0.833333, 0.666667, 0.5]),
        (7, 1, [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 0.5]),
        (7, 9, [0.5, 0.666667, 0.833333, 1.0, 0.833333, 0.666667, 0.5]),
        (2, 4, [0.5, 0.5]),
        (2, 0, [1.0, 1.0]),
    ],
)
def test_weights_of_a_segment(length: int, boundary_frames: int | None, weights: list[float]) -> None:
    shares = [reference.ramp(position, length, boundary_frames) for position in range(length)]
    got = [reference.round_half_away(reference.frame_weight(share, 0.5)) for share in shares]
    assert got == weights


def test_doubles_are_numbered_from_left_to_right() -> None:
    points = [reference.Point(2, 1), reference.Point(1, 9), reference.Point(1, 3)]
    names = reference.numbered([(("tip", "left"), point) for point in points] + [(("tip", ""), points[0])])
    assert names == {
        ("tip", "left#1"): points[2],
        ("tip", "left#2"): points[1],
        ("tip", "left#3"): points[0],
        ("tip", ""): points[0],
    }


@pytest.mark.parametrize(
    ("value", "number"),
    [(31, 31), (31.0, 31), (31.5, None), ("31", None), (True, None), (math.inf, None), (10**400, None)],
)
def test_timeline_bounds(value: Any, number: int | None) -> None:
    assert reference.whole_number(value) == number


@pytest.mark.parametrize(
    ("value", "index"), [(423, 423), (423.0, 423), ("423", 423), ("", None), (None, None)]
)
def test_data_index(value: Any, index: int | None) -> None:
    assert reference.data_index(value) == index
