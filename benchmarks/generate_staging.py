"""Staging tables of any size without a load, the same rows every time.

Two people review everything, and what they draw differs by hash-based noise, so that rows come out of SQL
ranges.

- A: videos of SEGMENTS segments of 20 to 400 frames, one after another; the second reviewer puts each
  boundary up to 3 frames aside; one segment in 25 runs into the next.
- B and C: as many frames of each; 21 hand points and a box, or 17 body points, in percent; the second
  reviewer is off by up to 3 px in most frames, in others by up to 15 or 40 px, and leaves out one point
  in 200.
"""

from pathlib import Path

import duckdb

from benchmarks.generate_exports import BODY, HAND

STAGING = Path(__file__).parents[1] / "scripts/harvest/staging.sql"

ACTIONS = ("approach", "grasp", "lift", "move", "place", "release", "retract", "idle")
SEGMENTS = 28  # of a video and reviewer
FRAMES_PER_VIDEO = 2 * SEGMENTS * 211  # of both reviewers
POINTS_PER_FRAME = 2 * (len(HAND) + len(BODY))  # of one frame in B and one in C
FRAMES_PER_EPISODE = 500
REVIEWERS = 4  # who come first, and as many who come second

TASKS = """
insert into label_studio.tasks
select
    '{project}' as project, i as task_id, {export} as export_id, timestamp '2026-11-01' as updated_at,
    true as is_labeled, 2 as overlap, 2 as total_annotations, 0 as cancelled_annotations,
    {media} as media, {episode} as episode_key, '{view}' as view, {frame} as frame_idx,
    1920 as width, 1080 as height, {n_frames} as n_frames, 25 as fps, null as task_subdir, '{{}}' as data
from range({tasks}) as t(i);

insert into label_studio.annotations
select
    '{project}' as project, i // 2 as task_id, i as annotation_id,
    1 + i // 2 % {reviewers} + i % 2 * {reviewers} as annotator_id,
    timestamp '2026-11-01' + to_seconds(i) as created_at,
    timestamp '2026-11-01' + to_seconds(i) as updated_at,
    false as was_cancelled, false as is_result_null, {regions} as region_count, {regions} as result_count,
    annotator_id as updated_by, 30 as lead_time_s, null as import_id, null as last_action,
    null as is_review_accepted, false as is_ground_truth_starred, null as parent_prediction_id,
    null as parent_annotation_id, 'none' as prediction_state, null as prediction_id,
    null as prediction_model_version, null as prediction_score, null as is_prediction_identical
from range(2 * {tasks}) as t(i);
"""

SEGMENTS_OF_A = """
insert into label_studio.regions
with segments as (
    select
        video, segment,
        20 + draw(hash(video, segment, 'length'), 381) as frames,
        sum(frames) over (partition by video order by segment) - frames as start,
        case
            when draw(hash(video, segment, 'overlap'), 25) = 0 then 5 + draw(hash(video, segment), 20) else 0
        end as longer,
        {actions}[1 + draw(hash(video, segment, 'label'), {action_count})] as label
    from range({tasks}) as v(video), range({segments}) as s(segment)
),
drawn as (
    select
        *,
        start + reviewer * draw(hash(video, segment, 'from'), 4) as first_frame,
        start + frames - 1 + longer - reviewer * draw(hash(video, segment, 'to'), 4) as last_frame
    from segments, range(2) as r(reviewer)
)
select
    'a' as project, video as task_id, 2 * video + reviewer as annotation_id, segment as region_index,
    'r' || segment as region_id, 'timelinelabels' as region_type, [label] as labels,
    null as x, null as y, null as width, null as height, 0 as rotation,
    null as original_width, null as original_height, null as parent_region_id,
    [{{'start': first_frame + 1, 'end': last_frame + 1}}] as ranges
from drawn
order by task_id, annotation_id, region_index;
"""

POINTS = """
insert into label_studio.regions
with points as (
    select
        i // {point_count} as review, i % {point_count} as point, review // 2 as task_id,
        [3, 3, 3, 3, 3, 3, 15, 15, 15, 40][1 + draw(hash(task_id, 'care'), 10)] as off_px,
        5 + draw(hash(task_id, point, 'x'), 900000) / 10000 as x_percent,
        5 + draw(hash(task_id, point, 'y'), 900000) / 10000 as y_percent,
        (draw(hash(task_id, point, 'dx'), 2001) / 1000 - 1) * off_px * (review % 2) as dx_px,
        (draw(hash(task_id, point, 'dy'), 2001) / 1000 - 1) * off_px * (review % 2) as dy_px
    from range(2 * {tasks} * {point_count}) as t(i)
    where review % 2 = 0 or draw(hash(task_id, point, 'missing'), 200) != 0
)
select
    '{project}' as project, task_id, review as annotation_id, point as region_index,
    'p' || point as region_id, 'keypointlabels' as region_type, [{labels}[point + 1]] as labels,
    x_percent + dx_px / 1920 * 100 as x, y_percent + dy_px / 1080 * 100 as y,
    0.4 as width, null as height, 0 as rotation, 1920 as original_width, 1080 as original_height,
    null as parent_region_id, [] as ranges
from points;
"""

BOXES = """
insert into label_studio.regions
select
    'b' as project, i // 2 as task_id, i as annotation_id, {point_count} as region_index,
    'box' as region_id, 'rectanglelabels' as region_type, ['operated_object'] as labels,
    10 + draw(hash(task_id, 'x'), 500) / 10 + i % 2 * draw(hash(task_id, 'dx'), 21) / 10 as x,
    10 + draw(hash(task_id, 'y'), 500) / 10 + i % 2 * draw(hash(task_id, 'dy'), 21) / 10 as y,
    10 + draw(hash(task_id, 'w'), 200) / 10 as width, 10 + draw(hash(task_id, 'h'), 200) / 10 as height,
    0 as rotation,
    1920 as original_width, 1080 as original_height, null as parent_region_id, [] as ranges
from range(2 * {tasks}) as t(i);
"""


def videos(frames: int) -> int:
    """Videos whose segments hold that many frames, over both reviewers."""
    return max(1, round(frames / FRAMES_PER_VIDEO))


def image_frames(points: int) -> int:
    """Frames of B, and of C, whose reviews hold that many points."""
    return max(1, round(points / POINTS_PER_FRAME))


def write_staging(database: Path, frames: int, points: int) -> None:
    """Write a database as `harvest load` leaves it.

    Args:
        database: File to write.
        frames: Frames that the segments of A expand to, about.
        points: Keypoints of B and C, about.
    """
    files = {
        "a": (videos(frames) if frames else 0, SEGMENTS),
        "b": (image_frames(points) if points else 0, len(HAND) + 1),
        "c": (image_frames(points) if points else 0, len(BODY)),
    }
    with duckdb.connect(str(database)) as connection:
        connection.execute(STAGING.read_text(encoding="utf-8"))
        connection.execute("create temp macro draw(hashed, below) as cast(hashed % below as integer)")
        for export, (project, (tasks, regions)) in enumerate(files.items()):
            connection.execute(
                "insert into label_studio.exports values "
                "($1, $2, $2 || '.json', '', 0, $3, $3, 0, 0, 2, 100, "
                "'REQUEUE_FOR_OTHERS', null, 'media', null, '')",
                [export, project, tasks],
            )
            episode = "i" if project == "a" else f"(i // {FRAMES_PER_EPISODE})"
            values = {
                "project": project,
                "export": export,
                "tasks": tasks,
                "regions": regions,
                "reviewers": REVIEWERS,
                "view": "exo" if project == "c" else "ego",
                "episode": f"format('{{:02d}}_{{:03d}}', {episode} // 1000, {episode} % 1000)",
                "frame": "null" if project == "a" else f"i % {FRAMES_PER_EPISODE} * 30",
                "n_frames": SEGMENTS * 401 if project == "a" else "null",
            }
            suffix = "'_ego.mp4'" if project == "a" else "'_f' || i || '.jpg'"
            values["media"] = f"'recordings/{project}/' || {values['episode']} || {suffix}"
            connection.execute(TASKS.format(**values))
            if project == "a":
                values |= {"actions": list(ACTIONS), "action_count": len(ACTIONS), "segments": SEGMENTS}
                connection.execute(SEGMENTS_OF_A.format(**values))
            else:
                labels = HAND if project == "b" else BODY
                connection.execute(POINTS.format(labels=list(labels), point_count=len(labels), **values))
            if project == "b":
                connection.execute(BOXES.format(point_count=len(HAND), **values))
