"""The lead's screen: how far the labels can be trusted, and what to do next.

Reads the tables of `quality/` from the last build's database or from a published version, never both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import duckdb
from rich.console import Console
from rich.table import Table

from harvest.database import connect
from harvest.errors import HarvestError
from harvest.layout import TrainingSets

RELATIONS: Final = (
    "agreement_boxes",
    "agreement_causes",
    "agreement_intervals",
    "agreement_keypoints",
    "agreement_timelines",
    "agreement_transitions",
    "annotator_records",
    "model_errors",
    "quality_findings",
)
"""The published tables that the screen is made of."""

WORST: Final = 8
"""Rows of a list of worst things."""

PROJECTS = """
    select
        intervals.project,
        statistic,
        case
            when low_95 is null then printf('%.2f', estimate)
            else printf('%.2f  (%.2f to %.2f)', estimate, low_95, high_95)
        end as figure,
        episodes
    from agreement_intervals as intervals
    where scope = 'project'
    order by
        intervals.project,
        list_position(
            ['percent_agreement', 'fleiss_kappa', 'krippendorff_alpha', 'gwet_ac1', 'f1_50', 'pck_5',
             'pck_20', 'oks', 'mean_iou'],
            statistic
        )
"""

LABELS = """
    with

    labels as (
        select project, label, 'specific agreement' as figure_name, specific_agreement as figure
        from agreement_timelines
        where scope = 'label'
        union all
        select project, label, 'PCK at 20 px', pck_20
        from agreement_keypoints
        where scope = 'label'
        union all
        select project, label, 'boxes with IoU 0.5', share_iou_50
        from agreement_boxes
        where scope = 'label'
    ),

    causes as (
        select project, label, max_by(cause, (n, cause)) as cause
        from agreement_causes
        group by project, label
    )

    select
        labels.project,
        labels.label,
        figure_name,
        printf('%.2f', labels.figure) as figure,
        findings.n,
        case findings.status
            when 'too_few' then 'too few to tell'
            when 'below' then 'too low'
            else ''
        end as verdict,
        coalesce(causes.cause, '') as cause
    from labels
    left join quality_findings as findings
        on
            findings.finding = 'label'
            and labels.project = findings.project
            and labels.label = findings.of_whom
    left join causes on labels.project = causes.project and labels.label = causes.label
    where labels.figure is not null
    order by findings.status = 'too_few', labels.figure, labels.project, labels.label
    limit ?
"""

TRANSITIONS = """
    select
        project,
        from_label || ' → ' || to_label as change,
        n,
        unmatched,
        printf('%.0f', median_frames) as median_frames,
        printf('%.0f', p90_frames) as p90_frames
    from agreement_transitions
    order by p90_frames desc nulls last, unmatched desc, change
    limit ?
"""

ANNOTATORS = """
    select
        project,
        annotator_id,
        annotations,
        printf('%.1f', hours) as hours,
        printf('%.0f', median_time_s) as median_time_s,
        cases,
        coalesce(printf('%.2f  (%.2f to %.2f)', record, record_low, record_high), '') as record,
        coalesce(printf('%.2f of %d', gold_agreement, gold_cases), '') as gold,
        coalesce(printf('%.0f %%', 100 * untouched_share), '') as untouched,
        concat_ws(', ',
            case standing when 'below' then 'below the others' when 'above' then 'above the others' end,
            case when is_rubber_stamp_suspect then 'accepts much and fast' end,
            case when drift_per_week < -0.02 then 'getting worse' end
        ) as note
    from annotator_records
    order by project, record nulls last, annotator_id
"""

MODELS = """
    select
        project,
        coalesce(model_version, '(no version)') as model_version,
        label,
        n,
        printf('%.0f %%', 100 * share_corrected) as share_corrected,
        coalesce(printf('%.1f px', p90_error_px), printf('%.0f frames', p90_error_frames), '') as p90_error
    from model_errors
    where n > 0
    order by model_errors.share_corrected desc, n desc, project, label
    limit ?
"""

# Each finding with what it asks for, the most basic first: without double reviews nothing else can be told.
NEXT = """
    with

    tasks as (
        select
            1 as rank,
            project,
            printf(
                'have %d more %s reviewed by a second person: %d of %d, to tell a share within ± its margin',
                cast(threshold as bigint) - n, if(project = 'a', 'segments', 'frames'), n,
                cast(threshold as bigint)
            ) as what
        from quality_findings
        where finding = 'double_reviewed' and status = 'below'

        union all

        select
            2,
            project,
            printf('go through the instructions together: %s is %.2f, below %.2f', of_whom, figure, threshold)
        from quality_findings
        where finding = 'chance_corrected' and status = 'below'

        union all

        select
            3,
            project,
            printf('sharpen the definition of %s: %.2f, below %.2f (n %d)', of_whom, figure, threshold, n)
        from quality_findings
        where finding = 'label' and status = 'below'

        union all

        select
            4,
            project,
            printf('ask labelers to check sides: %s was swapped left for right %d times', label, n)
        from agreement_causes
        where cause = 'left_right_swap' and share >= 0.02

        union all

        select
            5,
            project,
            printf('talk to annotator %s: record %.2f, below %.2f (n %d)', of_whom, figure, threshold, n)
        from quality_findings
        where finding = 'annotator' and status = 'below'

        union all

        select
            6,
            project,
            printf('look at what annotator %d accepted untouched: %.0f %% in %.0f s each, unlike the others',
                annotator_id, 100 * untouched_share, untouched_median_time_s)
        from annotator_records
        where is_rubber_stamp_suspect

        union all

        select
            7,
            project,
            printf('set boundary_frames by %s → %s: 90 %% are within %.0f frames, not the usual 3',
                from_label, to_label, p90_frames)
        from agreement_transitions
        where n >= 30 and p90_frames > 3
    )

    select project, what
    from tasks
    order by rank, project, what
    limit ?
"""

TOO_FEW = "select count(*) from quality_findings where status = 'too_few'"


def print_quality(database: Path, training_sets: Path, version: int | None, console: Console) -> None:
    """Print how far the labels can be trusted.

    Args:
        database: The DuckDB file of the last build; not opened when a version is asked for.
        training_sets: Folder of the published versions.
        version: The version to tell about, None for the last build.
        console: Where to print.

    Raises:
        HarvestError: There is no database, or nothing about quality was built in it yet.
        VersionError: The version does not exist, or was published without these tables.
    """
    with open_relations(database, training_sets, version) as connection:
        console.print(
            _table(
                "Projects",
                ["project", "figure", "95 % interval", "episodes"],
                connection.execute(PROJECTS).fetchall(),
            )
        )
        console.print(
            _table(
                "Worst labels",
                ["project", "label", "figure", "", "n", "verdict", "main cause"],
                connection.execute(LABELS, [WORST]).fetchall(),
            )
        )
        console.print(
            _table(
                "Widest changes of label, in frames",
                ["project", "change", "n", "seen by one", "median", "90th percentile"],
                connection.execute(TRANSITIONS, [WORST]).fetchall(),
            )
        )
        console.print(
            _table(
                "Annotators",
                [
                    "project",
                    "person",
                    "annotations",
                    "hours",
                    "median s",
                    "cases",
                    "record",
                    "gold",
                    "untouched",
                    "note",
                ],
                connection.execute(ANNOTATORS).fetchall(),
            )
        )
        console.print(
            _table(
                "Most corrected predictions",
                ["project", "model", "label", "n", "corrected", "90th percentile"],
                connection.execute(MODELS, [WORST]).fetchall(),
            )
        )
        console.print(
            _table("What to do next", ["project", ""], connection.execute(NEXT, [WORST]).fetchall())
        )
        (too_few,) = connection.execute(TOO_FEW).fetchone()
        if too_few:
            console.print(
                f"Of {too_few} labels, people and coefficients there is too little to say anything "
                "(var min_gate_cases): select * from quality_findings where status = 'too_few';"
            )


def open_relations(database: Path, training_sets: Path, version: int | None) -> duckdb.DuckDBPyConnection:
    """A connection that sees the tables of `quality/` by their names.

    Raises:
        HarvestError: There is no database, or nothing about quality was built in it yet.
        VersionError: The version does not exist, or was published without these tables.
    """
    if version is not None:
        published = TrainingSets(training_sets).version(version)
        connection = duckdb.connect()
        for name in RELATIONS:
            published.relation(name, connection).create_view(name)
        return connection
    if not database.exists():
        raise HarvestError(f"{database}: no such database. Run `harvest load PATH…` first, then `dbt build`.")
    connection = connect(database, read_only=True)
    try:
        for name in RELATIONS:
            connection.execute(f"select 1 from {name} limit 0")
    except duckdb.CatalogException as error:
        connection.close()
        raise HarvestError(f"{database}: nothing is built yet. Run `dbt build` first.") from error
    return connection


def _table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    rows = list(rows)
    for position, column in enumerate(columns):
        is_number = bool(rows) and all(isinstance(row[position], int) for row in rows)
        table.add_column(column, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(
            *("" if cell is None else f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row)
        )
    if not rows:
        table.add_row(*["nothing to compare yet", *[""] * (len(columns) - 1)])
    return table
