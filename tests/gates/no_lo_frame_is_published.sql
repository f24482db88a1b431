-- A frame whose reviewers found no consensus is in no training set.

with

published as (

    select 'b' as project, episode_key, view, frame_idx from {{ ref('training_set_b') }}
    union all
    select 'c' as project, episode_key, view, frame_idx from {{ ref('training_set_c') }}

),

lo_frames as (

    select * from {{ ref('frame_reviews') }}
    where quality_tier = 'lo'

)

select published.*
from published
inner join lo_frames
    on
        published.project = lo_frames.project
        and published.episode_key = lo_frames.episode_key
        and published.view is not distinct from lo_frames.view
        and published.frame_idx = lo_frames.frame_idx
