-- {{ ref('release_contents') }} names the file this view is written to.

{{ config(
    materialized='view',
    post_hook="{{ export_parquet('a', order_by=['episode_key', 'view', 'frame_idx', 'label']) }}"
) }}

select * from {{ ref('training_set_a') }}
