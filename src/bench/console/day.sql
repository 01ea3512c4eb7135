-- One day of calls: $N of them between two midnights, numbered from $FIRST_N on, as far as they are over by now. What
-- the hub's writer would have written: calls, attempts, sessions, and every sum but the facets, which the hub makes of the
-- others.

-- Most of a day's calls come around noon. Twenty calls are a conversation, a hundred conversations run at a time, and one
-- of these goes on all day. None goes on the next day: $FIRST_N is a multiple of 2000.
create temp table made as
with timed as materialized (
    select n, case when n % 100 = 50 then -$FIRST_N else n / 2000 * 100 + n % 100 end as talk, n % 2000 / 100 as turn,
        floor((f + 0.12 * sin(6.283185307 * f)) * 86400000)::bigint as ms
    from (select ($FIRST_N + k)::bigint as n, (k + 0.5::float8) / $N::float8 as f from generate_series(0, $N - 1) k) numbered
),
drawn as materialized (
    select n, turn, $DAY_MS + ms as ms, '$DAY'::timestamptz + ms * interval '1 millisecond' as at, talk,
        pg_temp.lot(n, 1) as luck, pg_temp.lot(n, 2) as size, pg_temp.lot(n, 3) as speed, n % 1000 = 0 as is_probe,
        floor((select count(*) from callers) * power(pg_temp.lot(talk, 4), 2))::bigint as caller,
        floor((select count(*) from targets) * power(pg_temp.lot(talk, 5), 1.5))::bigint as target,
        case when pg_temp.lot(n, 6) < 0.2 then 2 else floor(12 * power(pg_temp.lot(talk, 7), 2))::int end as asked
    from timed
    where $DAY_MS + ms <= floor(extract(epoch from now()) * 1000)::bigint
),
ended as materialized (
    select d.*, c.user_id, c.key_id, a.model, a.factor,
        case when is_probe then 'completed' when luck < 0.005 then 'rejected' when luck < 0.02 then 'refused'
            when luck < 0.03 then 'failed' when luck < 0.035 then 'interrupted' when luck < 0.05 then 'abandoned'
            else 'completed' end as outcome,
        case when is_probe then 1 when luck < 0.005 then 0 when luck < 0.02 then 1 when luck < 0.03 then 3
            when luck < 0.05 then 1 when luck < 0.08 then 2 else 1 end as n_attempts,
        (200 + 3000 * speed * speed * speed)::int as first_byte_ms
    from drawn d
    join callers c on c.place = d.caller
    join asked a on a.place = d.asked
),
used as materialized (
    select e.*, case when outcome in ('completed', 'interrupted', 'abandoned') then 1 else 0 end as answers,
        (20 + 3000 * size * size * size)::bigint as input, (20 + 2500 * power(speed * size, 1.5))::bigint as output,
        (1000 + 5000 * size)::bigint as cache_write_5m, (15000 + 6000 * turn)::bigint as cache_read
    from ended e
),
priced as materialized (
    select u.*, answers * (input * 3000 * factor)::bigint as cost_input, answers * (output * 15000 * factor)::bigint as cost_output,
        answers * (cache_write_5m * 3750 * factor)::bigint as cost_cache_write_5m,
        answers * (cache_read * 300 * factor)::bigint as cost_cache_read
    from used u
)
select n, at, (lpad(to_hex(ms), 12, '0') || '7' || left(md5(n::text), 19))::uuid as id, is_probe, turn,
    case when is_probe then null else user_id end as user_id, case when is_probe then null else key_id end as key_id,
    case when not is_probe then 'talk-' || md5(talk::text) end as session_id, target, model, factor, outcome, n_attempts,
    case outcome when 'rejected' then 429 when 'refused' then 400 when 'failed' then case when n % 2 = 0 then 529 else 502 end
        else 200 end as status,
    answers * input as input, answers * output as output, answers * cache_write_5m as cache_write_5m,
    answers * cache_read as cache_read, cost_input, cost_output, cost_cache_write_5m, cost_cache_read,
    cost_input + cost_output + cost_cache_write_5m + cost_cache_read as cost, model = 'nobody-priced-it' as unpriced,
    case when n_attempts > 0 then first_byte_ms end as first_byte_ms,
    case when answers > 0 then first_byte_ms + (200 * speed)::int end as first_token_ms,
    case when n_attempts = 0 then 2 else first_byte_ms + (200 * speed)::int + (output * (8 + 20 * size))::int end as duration_ms,
    case outcome when 'rejected' then case when n % 3 = 0 then 'no_provider' else 'limit_rpm' end when 'refused' then 'status'
        when 'failed' then case when n % 2 = 0 then 'status' else 'connect' end when 'interrupted' then 'truncated' end as error_cause,
    case outcome when 'rejected' then 'more calls in a minute than the key may make'
        when 'refused' then 'invalid_request_error: messages.' || turn || ': tool_use ids were found without tool_result blocks'
        when 'failed' then case when n % 2 = 0 then 'overloaded_error: Overloaded' else 'connection refused' end
        when 'interrupted' then 'the stream ended before its last event' end as error_message
from priced;
analyze made (n, id);

-- The attempts: all but the last of a call fail, each at the next provider.
create temp table tried as
select m.id as call_id, (left(m.id::text, 15) || 'a' || i || right(m.id::text, 19))::uuid as id, m.at, m.n, t.id as provider_id,
    t.name, t.credential_id, m.user_id, m.key_id, m.model, m.factor, m.unpriced, i = m.n_attempts as is_last,
    (i - 1) * 300 as started_ms,
    case when i < m.n_attempts or m.outcome = 'failed' then 'failed' when m.outcome = 'refused' then 'delivered'
        else m.outcome end as result,
    case when i < m.n_attempts then 529 when m.outcome = 'failed' and m.n % 2 = 1 then null else m.status end as status,
    case when i < m.n_attempts then 'status' when m.outcome in ('refused', 'failed', 'interrupted') then m.error_cause end as error_cause,
    case when i < m.n_attempts then 'overloaded_error: Overloaded' else m.error_message end as error_message,
    case when i < m.n_attempts then (i - 1) * 300 + 250 else m.duration_ms end as ended_ms,
    case when i = m.n_attempts then m.first_byte_ms end as first_byte_ms,
    case when i = m.n_attempts then m.first_token_ms end as first_token_ms,
    case when i = m.n_attempts then m.input else 0 end as input, case when i = m.n_attempts then m.output else 0 end as output,
    case when i = m.n_attempts then m.cache_write_5m else 0 end as cache_write_5m,
    case when i = m.n_attempts then m.cache_read else 0 end as cache_read,
    case when i = m.n_attempts then m.cost_input else 0 end as cost_input,
    case when i = m.n_attempts then m.cost_output else 0 end as cost_output,
    case when i = m.n_attempts then m.cost_cache_write_5m else 0 end as cost_cache_write_5m,
    case when i = m.n_attempts then m.cost_cache_read else 0 end as cost_cache_read,
    case when i = m.n_attempts then m.cost else 0 end as cost
from made m
cross join generate_series(1, m.n_attempts) i
join targets t on t.place = (m.target + i - 1) % (select count(*) from targets);
analyze tried (call_id, is_last);

-- In the order of their times, as the hub writes them, and past the parent, which would look for the partition of each.
insert into calls_$NAME (id, created_at, kind, user_id, key_id, provider_id, session_id, model, model_sent, model_served, stream,
    status, outcome, input, output, cache_write_5m, cache_read, token_source, cost_input, cost_output, cost_cache_write_5m,
    cost_cache_read, cost, unpriced, n_attempts, first_byte_ms, first_token_ms, duration_ms, error_cause, error_message,
    user_agent, address, decision)
select m.id, m.at, case when m.is_probe then 'probe' else 'messages' end, m.user_id, m.key_id, t.provider_id, m.session_id,
    m.model, m.model, m.model, true, m.status, m.outcome, m.input, m.output, m.cache_write_5m, m.cache_read,
    case when m.input > 0 then 'reported' else 'none' end, m.cost_input, m.cost_output, m.cost_cache_write_5m,
    m.cost_cache_read, m.cost, m.unpriced, m.n_attempts, m.first_byte_ms, m.first_token_ms, m.duration_ms, m.error_cause,
    m.error_message, 'claude-cli/2.0.14 (external, cli)', '10.0.' || m.n % 4 || '.' || m.n % 250, c.decision
from made m
left join tried t on t.call_id = m.id and t.is_last
join decisions c on c.provider_id = coalesce(t.provider_id, 0)
order by m.id;

insert into attempts_$NAME (call_id, id, provider_id, provider_name, credential_id, model_sent, model_served, result, status,
    error_cause, error_message, started_ms, first_byte_ms, first_token_ms, ended_ms, upstream_request_id, input, output,
    cache_write_5m, cache_read, token_source, usage_raw, price_input, price_output, price_cache_write_5m, price_cache_write_1h,
    price_cache_read, unpriced, multiplier, cost_input, cost_output, cost_cache_write_5m, cost_cache_read, cost, recorded_at)
select call_id, id, provider_id, name, credential_id, model, model, result, status, error_cause, error_message, started_ms,
    first_byte_ms, first_token_ms, ended_ms, 'req_' || left(md5(n::text), 24), input, output, cache_write_5m, cache_read,
    case when input > 0 then 'reported' else 'none' end,
    case when input > 0 then jsonb_build_object('input_tokens', input, 'output_tokens', output, 'cache_read_input_tokens',
        cache_read, 'cache_creation_input_tokens', cache_write_5m, 'service_tier', 'standard') end,
    (3e9 * factor)::bigint, (15e9 * factor)::bigint, (3.75e9 * factor)::bigint, (6e9 * factor)::bigint, (0.3e9 * factor)::bigint,
    unpriced, 1000000, cost_input, cost_output, cost_cache_write_5m, cost_cache_read, cost, at + interval '30 seconds'
from tried
order by call_id, id;

insert into sessions (key_id, session_id, user_id, first_at, last_at, last_call, provider_id, user_agent, models, calls, failed,
    input, output, cache_write_5m, cache_write_1h, cache_read, cost)
select m.key_id, m.session_id, max(m.user_id), min(m.at), max(m.at), (array_agg(m.id order by m.id desc))[1],
    (array_agg(t.provider_id order by m.id desc) filter (where t.provider_id is not null))[1],
    'claude-cli/2.0.14 (external, cli)', (array_agg(distinct m.model))[1:20], count(*),
    count(*) filter (where m.outcome in ('failed', 'interrupted')), sum(m.input), sum(m.output), sum(m.cache_write_5m), 0,
    sum(m.cache_read), sum(m.cost)
from made m
left join tried t on t.call_id = m.id and t.is_last
where m.session_id is not null
group by m.key_id, m.session_id;

insert into usage_errors (at, user_id, key_id, provider_id, model, cause, n_errors)
select date_bin('15 minutes', at, 'epoch'), coalesce(user_id, 0), coalesce(key_id, 0), provider_id, model, cause, count(*)
from (
    select at, user_id, key_id, provider_id, model, error_cause as cause from tried where error_cause is not null
    union all
    select at, user_id, key_id, 0, model, error_cause from made where n_attempts = 0 and error_cause is not null
) wrong
group by 1, 2, 3, 4, 5, 6;

insert into call_errors (call_id, user_id, key_id, provider_id, cause, message)
select m.id, m.user_id, m.key_id, t.provider_id, m.error_cause, m.error_message
from made m
left join tried t on t.call_id = m.id and t.is_last
where m.error_cause is not null and m.at > now() - interval '8 days';
