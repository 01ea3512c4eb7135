-- The sums of one day of calls in $TABLE, whose rows are $LENGTH long: calls at their last provider, attempts at their own.
insert into $TABLE (at, user_id, key_id, provider_id, model, calls, completed, rejected, refused, failed, interrupted,
    abandoned, attempts, attempts_good, attempts_bad, unpriced, input, output, cache_write_5m, cache_write_1h, cache_read,
    cost_input, cost_output, cost_cache_write_5m, cost_cache_write_1h, cost_cache_read, cost, streamed, streamed_ms,
    first_token_hist, duration_hist)
select date_bin('$LENGTH', at, 'epoch'), coalesce(user_id, 0), coalesce(key_id, 0), provider_id, model, count(outcome),
    count(*) filter (where outcome = 'completed'), count(*) filter (where outcome = 'rejected'),
    count(*) filter (where outcome = 'refused'), count(*) filter (where outcome = 'failed'),
    count(*) filter (where outcome = 'interrupted'), count(*) filter (where outcome = 'abandoned'),
    count(result), count(*) filter (where result = 'completed'),
    count(*) filter (where result in ('failed', 'interrupted')), count(*) filter (where result is not null and unpriced),
    sum(input), sum(output), sum(cache_write_5m), 0, sum(cache_read), sum(cost_input), sum(cost_output),
    sum(cost_cache_write_5m), 0, sum(cost_cache_read), sum(cost),
    coalesce(sum(output) filter (where first_ms < ended_ms), 0), coalesce(sum(ended_ms - first_ms) filter (where first_ms < ended_ms), 0),
    array[$FIRSTS], array[$DURATIONS]
from (
    select m.at, m.user_id, m.key_id, coalesce(t.provider_id, 0) as provider_id, m.model, m.unpriced,
        case when t.is_last is not false then m.outcome end as outcome, t.result,
        coalesce(t.input, 0) as input, coalesce(t.output, 0) as output, coalesce(t.cache_write_5m, 0) as cache_write_5m,
        coalesce(t.cache_read, 0) as cache_read, coalesce(t.cost_input, 0) as cost_input,
        coalesce(t.cost_output, 0) as cost_output, coalesce(t.cost_cache_write_5m, 0) as cost_cache_write_5m,
        coalesce(t.cost_cache_read, 0) as cost_cache_read, coalesce(t.cost, 0) as cost,
        t.first_token_ms as first_ms, t.ended_ms,
        case when t.is_last is not false then width_bucket(m.first_token_ms, array[$EDGES]) end as first_bucket,
        case when t.is_last is not false then width_bucket(m.duration_ms, array[$EDGES]) end as duration_bucket
    from made m
    left join tried t on t.call_id = m.id
) counted
group by 1, 2, 3, 4, 5;
