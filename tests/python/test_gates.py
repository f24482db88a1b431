"""Every gate passes on the example exports, and fails on each kind of damage it is there for.

The example exports are built once; each gate's compiled query then runs against a copy that was damaged on
purpose. A gate without a damage here is a test that nobody has seen fail, and fails this file.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from harvest.loader import load

ROOT = Path(__file__).parents[2]

# gate -> damages, each of which it must notice
DAMAGES: dict[str, list[str]] = {
    "annotation_verdicts_repeated": ["insert into annotation_verdicts from annotation_verdicts limit 1"],
    "annotation_verdicts_inconsistent": [
        "update annotation_verdicts set exclusion_reason = 'cancelled' where is_ground_truth",
        "update annotation_verdicts set exclusion_reason = null where kind = 'prediction'",
        "update annotation_verdicts set is_ground_truth = true, exclusion_reason = null where kind = 'draft'",
    ],
    "rejected_regions_repeated": ["insert into rejected_regions from rejected_regions limit 1"],
    "segment_weights_out_of_shape": [
        "update segment_weights set weight = 0 where from_start = 0",
        "update segment_weights set weight = 1.01 where from_start = 0",
        "update segment_weights set weight = 0.9 where weight = 1",
        "update segment_weights set weight = null where from_start = 0",
    ],
    "frame_reviews_repeated": [
        "insert into frame_reviews from frame_reviews limit 1",
        # a null in a key is a value like any other
        "update frame_reviews set view = null; insert into frame_reviews from frame_reviews limit 1",
    ],
    "frame_reviews_inconsistent": [
        "update frame_reviews set kept_annotation_ids = [1] where quality_tier = 'lo'",
        "update frame_reviews set kept_annotation_ids = [] where quality_tier = 'hi'",
        "update frame_reviews set quality_tier = 'single' where quality_tier = 'med'",
        "update frame_reviews set disagreement_px = 1 where quality_tier = 'single'",
    ],
    "training_set_a_repeated": ["insert into training_set_a from training_set_a limit 1"],
    "training_set_a_ranks_repeated": ["update training_set_a set label_rank = 1"],
    "training_set_a_not_by_people": [
        "update training_set_a set annotation_ids = [13]",  # a bulk copy
        "update training_set_a set annotation_ids = [8]",  # a cancelled annotation
        "update training_set_a set annotation_ids = [1]",  # an import
        "update training_set_a set annotation_ids = [123456]",
        "update label_studio.annotations set is_result_null = true where annotation_id = 3",
    ],
    "training_set_a_out_of_range": [
        "update training_set_a set weight = 0 where label_rank = 1",
        "update training_set_a set weight = 1.5 where label_rank = 1",
        "update training_set_a set agreement = 1.5 where label_rank = 1",
        "update training_set_a set agreement = weight / 2",
        "update training_set_a set frame_idx = segment_end + 1",
        "update training_set_a set annotation_ids = []",
        "update training_set_a set annotation_ids = [1, 2, 3, 4, 5]",
        "update training_set_a set episode_key = null",
        "update training_set_a set label = null",
        "update training_set_a set label_rank = null",
    ],
    "points_outside_their_image": [
        "update sample_keypoints set"
        f" keypoints = list_transform(keypoints, lambda k: struct_update(k, {outside}))"
        for outside in ("x := -1.0", "y := -1.0", "x := 1920.5", "y := 1080.5")
    ],
    **{
        f"training_set_{project}_{gate}": [damage.format(project=project) for damage in damages]
        for project in "bc"
        for gate, damages in {
            "repeated": ["insert into training_set_{project} from training_set_{project} limit 1"],
            "not_by_people": [
                "update label_studio.annotations set was_cancelled = true where project = '{project}'",
                "update label_studio.annotations set import_id = 7 where project = '{project}'",
                "update label_studio.annotations set result_count = 0, updated_by = null, lead_time_s = null,"
                " region_count = 22, parent_prediction_id = 1 where project = '{project}'",
                "delete from label_studio.annotations where project = '{project}'",
            ],
            "inconsistent": [
                "update training_set_{project} set quality_tier = 'lo' where quality_tier = 'med'",
                "update training_set_{project} set quality_tier = 'single' where quality_tier = 'med'",
                "update training_set_{project} set disagreement_px = null where quality_tier = 'hi'",
            ],
        }.items()
    },
    "every_annotation_has_one_verdict": [
        "delete from annotation_verdicts where kind = 'annotation' and task_id = 3",
        "delete from annotation_verdicts where kind = 'draft' and task_id = 8",
        "delete from annotation_verdicts where kind = 'prediction' and task_id = 1",
        "insert into annotation_verdicts values ('a', 1, 'annotation', 99, 1, null, null, true, null)",
        "insert into label_studio.drafts values ('a', 1, 99, null, null, null, true)",
    ],
    "every_region_is_accounted_for": [
        "delete from keypoints where label = 'wrist'",
        "delete from boxes",
        "delete from rejected_regions",
        "delete from timeline_ranges where region_index = 0",
        "insert into label_studio.regions"
        " select * replace (99 as region_index) from label_studio.regions limit 100",
    ],
    "no_lo_frame_is_published": [
        "insert into training_set_b (episode_key, view, media, frame_idx, quality_tier, needs_spot_check,"
        " reviewer_count, annotation_ids, annotator_ids, label_source, keypoints, boxes)"
        " select episode_key, view, media, frame_idx, 'med', true, 2, [1], [1], 'edited', [], []"
        " from frame_reviews where project = 'b' and quality_tier = 'lo'",
        "update frame_reviews set quality_tier = 'lo' where project = 'c'",
    ],
    "labels_outside_label_config": [
        "update label_studio.config_labels set label = 'wrist_1' where label = 'wrist'",
        "update label_studio.config_labels set control_type = 'brushlabels' where label = 'grasp'",
    ],
    "timeline_frame_rate_unknown_or_wrong": [
        "update label_studio.exports set frame_rate = null",
        "update label_studio.exports set frame_rate = '25'",
        "update label_studio.exports set frame_rate = '$frames_per_second'",
        "update label_studio.tasks set fps = 25",
    ],
    "too_many_lo_frames": ["update quality_shares set share = 0.26 where measure = 'lo_frames'"],
    "reviewers_with_too_many_lo_frames": [
        "update quality_shares set share = 0.26 where measure = 'lo_frames_of_reviewer'"
    ],
    "too_few_double_reviewed_frames": [
        "update quality_shares set share = 0.19 where measure = 'double_reviewed_frames'"
    ],
    "too_many_excluded_for_one_reason": [
        "update quality_shares set share = 0.26 where of_whom = 'cancelled'",
    ],
    "too_many_skipped_tasks": ["update quality_shares set share = 0.11 where measure = 'skipped_tasks'"],
    "too_many_untouched_annotations": [
        "update quality_shares set share = 0.51 where measure = 'untouched_annotations'"
    ],
    "agreement_timelines_repeated": ["insert into agreement_timelines from agreement_timelines limit 1"],
    "agreement_segments_repeated": ["insert into agreement_segments from agreement_segments limit 1"],
    "agreement_transitions_repeated": [
        "insert into agreement_transitions from agreement_transitions limit 1"
    ],
    "agreement_keypoints_repeated": ["insert into agreement_keypoints from agreement_keypoints limit 1"],
    "agreement_causes_repeated": ["insert into agreement_causes from agreement_causes limit 1"],
    "agreement_tier_bases_repeated": ["insert into agreement_tier_bases from agreement_tier_bases limit 1"],
    "agreement_boxes_repeated": ["insert into agreement_boxes from agreement_boxes limit 1"],
    "agreement_confusion_repeated": ["insert into agreement_confusion from agreement_confusion limit 1"],
    "agreement_intervals_repeated": ["insert into agreement_intervals from agreement_intervals limit 1"],
    "corrections_repeated": ["insert into corrections from corrections limit 1"],
    "model_errors_repeated": ["insert into model_errors from model_errors limit 1"],
    "annotator_records_repeated": ["insert into annotator_records from annotator_records limit 1"],
    "annotator_weeks_repeated": ["insert into annotator_weeks from annotator_weeks limit 1"],
    "quality_findings_repeated": ["insert into quality_findings from quality_findings limit 1"],
    "projects_agree_little_beyond_chance": [
        "update quality_findings set status = 'below' where finding = 'chance_corrected'"
    ],
    "labels_agree_little": ["update quality_findings set status = 'below' where finding = 'label'"],
    "annotators_agree_little": ["update quality_findings set status = 'below' where finding = 'annotator'"],
    "too_little_double_reviewed_for_a_rate": [
        "insert into quality_findings values ('double_reviewed', 'a', null, 1, 1, 385, 'below')"
    ],
    "exported_files_differ_from_their_relation": [
        "insert into publishing.exported_files values ('a', 'a/a.parquet', 1, '', 1, 1, false)",
        "insert into publishing.exported_files values ('a', 'a/a.parquet', 1, '', 1, 2, true)",
    ],
}

# The example exports have one case of everything that can go wrong, so these warn on them as they stand.
WARN_ON_EXAMPLES = {
    "too_many_excluded_for_one_reason",
    "too_many_skipped_tasks",
    "too_little_double_reviewed_for_a_rate",
}


@dataclass(frozen=True)
class Built:
    """The built example exports: the database file and each gate's compiled query."""

    database: Path
    gates: dict[str, str]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("gates")
    database = folder / "harvest.duckdb"
    load([ROOT / "examples/exports"], database=database)
    subprocess.run(
        [
            *(Path(sys.executable).with_name("dbt"), "--quiet", "build"),
            *("--target-path", folder / "target", "--log-path", folder / "logs"),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "HARVEST_DATABASE": str(database),
            "HARVEST_TRAINING_SETS": str(folder / "training_sets"),
        },
        check=True,
    )
    with duckdb.connect(str(database)) as connection:
        # a view cannot be damaged
        connection.execute("create table kept as from training_set_a; drop view training_set_a")
        connection.execute("alter table kept rename to training_set_a")
    manifest = json.loads((folder / "target/manifest.json").read_text())
    return Built(
        database,
        {
            node["name"]: (ROOT / node["compiled_path"]).read_text()
            for node in manifest["nodes"].values()
            if node["resource_type"] == "test" and "gate" in node["tags"]
        },
    )


@pytest.fixture
def damaged(built: Built, tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    copy = tmp_path / built.database.name
    shutil.copy(built.database, copy)
    with duckdb.connect(str(copy)) as connection:
        yield connection


def failing_rows(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return connection.sql(query).count("*").fetchone()[0]


def test_every_gate_has_been_seen_to_fail(built: Built) -> None:
    assert set(DAMAGES) == set(built.gates)


@pytest.mark.parametrize("gate", DAMAGES)
def test_gate_on_sound_data(gate: str, built: Built, damaged: duckdb.DuckDBPyConnection) -> None:
    assert (failing_rows(damaged, built.gates[gate]) > 0) == (gate in WARN_ON_EXAMPLES)


@pytest.mark.parametrize(
    ("gate", "damage"), [(gate, damage) for gate, damages in DAMAGES.items() for damage in damages]
)
def test_gate_on_damaged_data(
    gate: str, damage: str, built: Built, damaged: duckdb.DuckDBPyConnection
) -> None:
    sound = failing_rows(damaged, built.gates[gate])
    damaged.execute(damage)
    assert failing_rows(damaged, built.gates[gate]) > sound


@pytest.mark.parametrize("gate", DAMAGES)
def test_gate_on_no_data(gate: str, built: Built, damaged: duckdb.DuckDBPyConnection) -> None:
    tables = damaged.execute(
        "select table_schema, table_name from information_schema.tables"
        " where table_type = 'BASE TABLE' and table_schema in ('main', 'label_studio')"
    ).fetchall()
    for schema, name in tables:
        damaged.execute(f'delete from "{schema}"."{name}"')
    assert failing_rows(damaged, built.gates[gate]) == 0


def test_failing_rows_are_kept_under_the_gate_s_name(damaged: duckdb.DuckDBPyConnection) -> None:
    stored = damaged.execute("select measure, of_whom from gates.too_many_excluded_for_one_reason").fetchall()
    assert set(stored) == {("excluded_annotations", "task_not_labeled")}
