-- {{ ref('release_contents') }} names the file this view is written to.

{{ config(
    materialized='view',
    post_hook="{{ export_parquet('frame_reviews', order_by=['project', 'episode_key', 'view', 'frame_idx']) }}"
) }}

select * from {{ ref('frame_reviews') }}
