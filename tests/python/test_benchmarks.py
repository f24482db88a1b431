"""The benchmark of the models on few rows: what it stages, and that its ways to expand a timeline agree."""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

sys.path.append(str(Path(__file__).parents[2]))

from benchmarks.generate_staging import write_staging
from benchmarks.transform_contenders import EXPANSIONS

SEGMENTS = """
create table segments as
select
    annotation_id as review_id, labels[1] as label,
    ranges[1]."start" - 1 as segment_start, ranges[1]."end" - 1 as segment_end
from label_studio.regions
where project = 'a';

create table lengths as
select distinct segment_end - segment_start + 1 as review_id, '' as label, 0 as segment_start,
    segment_end - segment_start as segment_end
from segments;
"""


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    database = tmp_path_factory.mktemp("staged") / "harvest.duckdb"
    write_staging(database, frames=30_000, points=1_000)
    return duckdb.connect(str(database))


def test_two_people_review_everything(staged: duckdb.DuckDBPyConnection) -> None:
    reviewers = (
        "select project, task_id, count(distinct annotator_id) from label_studio.annotations group by all"
    )
    assert {row[2] for row in staged.execute(reviewers).fetchall()} == {2}
    counted = staged.execute(
        'select sum(ranges[1]."end" - ranges[1]."start" + 1),'
        " count(*) filter (region_type = 'keypointlabels') from label_studio.regions"
    ).fetchone()
    assert counted == pytest.approx((30_000, 1_000), rel=0.25)


def test_ways_to_expand_a_timeline_agree(staged: duckdb.DuckDBPyConnection) -> None:
    staged.execute(SEGMENTS)
    closed_form = EXPANSIONS["closed form"].format(segments="lengths")
    staged.execute(
        "create table ramps as select review_id as frame_count, list(weight order by frame_idx) as weights"
        f" from ({closed_form}) group by review_id"
    )
    results = [
        staged.execute(query.format(segments="segments", ramps="ramps") + " order by all").fetchall()
        for query in EXPANSIONS.values()
    ]
    assert len(results[0]) > 20_000
    assert all(result == results[0] for result in results)
