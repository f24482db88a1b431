-- The batch's annotations with what their results and predictions come to.
select
    tasks.project,
    tasks.task_id,
    annotations.* exclude (task_seq),
    coalesce(results.region_count, 0) as region_count,
    case
        when annotations.prediction_state = 'known'
            then coalesce(results.fingerprint, 0) = coalesce(predicted.fingerprint, 0)
    end as is_prediction_identical
from incoming_annotations as annotations
inner join batch_tasks as tasks on annotations.task_seq = tasks.task_seq
left join fingerprints as results on annotations.result_seq = results.result_seq
left join fingerprints as predicted on annotations.prediction_seq = predicted.result_seq;
