-- What a version consists of: every set and table of the macro `published_relations`, and where it lies now.
-- depends_on: {{ ref('release_gate') }}

with

published as (
    {% for name, published in published_relations().items() %}
    select
        {{ text_literal(name) }} as name,
        {{ text_literal(published.folder) }} as folder,
        {{ text_literal(published.relation) }} as relation,
        {{ text_literal(ref(published.relation)) }} as location,
        {{ text_literal((published.key | join(' nulls last, ')) ~ ' nulls last') }} as row_order
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    name,
    folder,
    relation,
    location,
    row_order
from published
