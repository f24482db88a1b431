{#- Fails for every annotation behind a published row that no person submitted, read from the staged annotation
    itself: unknown, cancelled, written by a bulk action, imported without being wanted, or without a result. -#}
{% test made_by_people(model, project) %}

with

published as (

    select distinct published_id as annotation_id
    from (select distinct annotation_ids from {{ model }}) as published_lists
    {{ explode('published_lists.annotation_ids', 'listed', 'published_id') }}

),

submitted as (

    select annotation_id
    from {{ source('label_studio', 'annotations') }}
    where
        project = '{{ project }}'
        and not was_cancelled
        and not is_result_null
        and not (
            coalesce(result_count, 0) = 0
            and region_count > 0
            and updated_by is null
            and lead_time_s is null
            and (parent_prediction_id is not null or not {{ var('harvest_imported') }})
        )
        and (import_id is null or {{ var('harvest_imported') }})

)

select published.annotation_id
from published
left join submitted on published.annotation_id = submitted.annotation_id
where submitted.annotation_id is null

{% endtest %}
