-- What each result comes to. Equal fingerprints: the same label regions in the same places with the same values. Of a
-- point its dot's size is no value, and items that are no labels do not count.
select
    result_seq,
    count(*) as region_count,
    coalesce(
        sum(
            hash(hash(
                region_index, region_id, region_type, labels, x, y, ranges,
                case when region_type = 'rectanglelabels' then [width, height, rotation] end
            ))
        ) filter (region_type in ('timelinelabels', 'keypointlabels', 'rectanglelabels')),
        0
    ) as fingerprint
from flattened_regions
group by result_seq;
