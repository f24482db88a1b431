-- Label Studio counts timeline frames by the <Video> tag's frameRate and by 24 without one: unless that is the video's
-- own rate, every frame number is on another grid. The export does not store it; the label config and the data do.

{{ config(severity='warn') }}

with

videos as (

    select distinct project, task_id
    from {{ ref('ground_truth_annotations') }}
    where project = 'a'

),

rates as (

    select
        tasks.project,
        tasks.task_id,
        exports.frame_rate,
        case
            when exports.frame_rate like '$%'
                then try_cast({{ json_text('tasks.data', 'substr(exports.frame_rate, 2)') }} as double)
            else try_cast(exports.frame_rate as double)
        end as label_studio_fps,
        tasks.fps as data_fps
    from videos
    inner join {{ source('label_studio', 'tasks') }} as tasks
        on videos.project = tasks.project and videos.task_id = tasks.task_id
    inner join {{ source('label_studio', 'exports') }} as exports on tasks.export_id = exports.export_id

),

checked as (

    select
        *,
        label_studio_fps is null as is_missing,
        coalesce(label_studio_fps != data_fps, false) as is_different
    from rates

)

select * from checked
where is_missing or is_different
