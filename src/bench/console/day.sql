-- One day of calls: $N of them between two midnights, numbered from $FIRST_N on, as far as they are over by now. What
-- the hub's writer would have written: calls, attempts, and every sum but the facets, which the hub makes of the others.
create table if not exists calls_$NAME partition of calls
    for values from (first_id('$DAY')) to (first_id('$DAY'::timestamptz + interval '1 day'));
create table if not exists attempts_$NAME partition of attempts
    for values from (first_id('$DAY')) to (first_id('$DAY'::timestamptz + interval '1 day'));

-- Most of a day's calls come around noon. Twenty calls are a conversation, a hundred conversations run at a time.
create temp table made as
with timed as (
    select n, n / 2000 * 100 + n % 100 as talk, n % 2000 / 100 as turn,
        date_trunc('milliseconds', '$DAY'::timestamptz + (f + 0.12 * sin(2 * pi() * f)) * interval '1 day') as at
    from (select $FIRST_N + k as n, (k + 0.5) / $N as f from generate_series(0, $N - 1) k) numbered
),
drawn as (
    select t.*, pg_temp.lot(n, 1) as luck, pg_temp.lot(n, 2) as size, pg_temp.lot(n, 3) as speed,
        c.user_id, c.key_id, n % 1000 = 0 as is_probe,
        floor(20 * power(pg_temp.lot(talk, 5), 1.5))::int as target,
        case when pg_temp.lot(n, 6) < 0.2 then 2 else floor(12 * power(pg_temp.lot(talk, 7), 2))::int end as asked
    from timed t
    join callers c on c.place = floor((select count(*) from callers) * power(pg_temp.lot(talk, 4), 2))
    where t.at <= now()
),
ended as (
    select d.*, a.model, a.factor,
        case when is_probe then 'completed' when luck < 0.005 then 'rejected' when luck < 0.02 then 'refused'
            when luck < 0.03 then 'failed' when luck < 0.035 then 'interrupted' when luck < 0.05 then 'abandoned'
            else 'completed' end as outcome,
        case when is_probe then 1 when luck < 0.005 then 0 when luck < 0.02 then 1 when luck < 0.03 then 3
            when luck < 0.05 then 1 when luck < 0.08 then 2 else 1 end as n_attempts,
        (200 + 3000 * power(speed, 3))::int as first_byte_ms
    from drawn d join asked a on a.place = d.asked
),
used as (
    select e.*, outcome in ('completed', 'interrupted', 'abandoned') as has_answer,
        (20 + 3000 * power(size, 3))::bigint as input, (20 + 2500 * power(speed * size, 1.5))::bigint as output,
        (1000 + 5000 * size)::bigint as cache_write_5m, (15000 + 6000 * turn)::bigint as cache_read
    from ended e
)
select n, at, (left(replace(first_id(at)::text, '-', ''), 12) || '7' || left(md5(n::text), 19))::uuid as id, is_probe, turn,
    case when is_probe then null else user_id end as user_id, case when is_probe then null else key_id end as key_id,
    case when not is_probe then 'talk-' || md5(talk::text) end as session_id, target, model, factor, outcome, n_attempts,
    case outcome when 'rejected' then 429 when 'refused' then 400 when 'failed' then case when n % 2 = 0 then 529 else 502 end
        else 200 end as status,
    case when has_answer then input else 0 end as input, case when has_answer then output else 0 end as output,
    case when has_answer then cache_write_5m else 0 end as cache_write_5m,
    case when has_answer then cache_read else 0 end as cache_read,
    case when n_attempts > 0 then first_byte_ms end as first_byte_ms,
    case when has_answer then first_byte_ms + (200 * speed)::int end as first_token_ms,
    case when n_attempts = 0 then 2 else first_byte_ms + (200 * speed)::int + (output * (8 + 20 * size))::int end as duration_ms,
    case outcome when 'rejected' then case when n % 3 = 0 then 'no_provider' else 'limit_rpm' end when 'refused' then 'status'
        when 'failed' then case when n % 2 = 0 then 'status' else 'connect' end when 'interrupted' then 'truncated' end as error_cause,
    case outcome when 'rejected' then 'more calls in a minute than the key may make'
        when 'refused' then 'invalid_request_error: messages.' || turn || ': tool_use ids were found without tool_result blocks'
        when 'failed' then case when n % 2 = 0 then 'overloaded_error: Overloaded' else 'connection refused' end
        when 'interrupted' then 'the stream ended before its last event' end as error_message
from used;
analyze made;

-- The attempts: all but the last of a call fail, each at the next provider.
create temp table tried as
select m.id as call_id, (left(m.id::text, 15) || 'a' || i || right(m.id::text, 19))::uuid as id, m.at, m.n, t.id as provider_id,
    t.name, t.credential_id, m.user_id, m.key_id, m.model, m.factor, i = m.n_attempts as is_last, (i - 1) * 300 as started_ms,
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
    case when i = m.n_attempts then m.cache_read else 0 end as cache_read
from made m
cross join generate_series(1, m.n_attempts) i
join targets t on t.place = (m.target + i - 1) % (select count(*) from targets);
analyze tried;

insert into calls (id, created_at, kind, user_id, key_id, provider_id, session_id, model, model_sent, model_served, stream,
    status, outcome, input, output, cache_write_5m, cache_read, token_source, cost_input, cost_output, cost_cache_write_5m,
    cost_cache_read, cost, unpriced, n_attempts, first_byte_ms, first_token_ms, duration_ms, error_cause, error_message,
    user_agent, address, decision)
select m.id, m.at, case when m.is_probe then 'probe' else 'messages' end, m.user_id, m.key_id, t.provider_id, m.session_id,
    m.model, m.model, m.model, true, m.status, m.outcome, m.input, m.output, m.cache_write_5m, m.cache_read,
    case when m.input > 0 then 'reported' else 'none' end, (m.input * 3000 * m.factor)::bigint,
    (m.output * 15000 * m.factor)::bigint, (m.cache_write_5m * 3750 * m.factor)::bigint, (m.cache_read * 300 * m.factor)::bigint,
    (m.input * 3000 * m.factor)::bigint + (m.output * 15000 * m.factor)::bigint + (m.cache_write_5m * 3750 * m.factor)::bigint
        + (m.cache_read * 300 * m.factor)::bigint,
    m.model = 'nobody-priced-it', m.n_attempts, m.first_byte_ms, m.first_token_ms, m.duration_ms, m.error_cause, m.error_message,
    'claude-cli/2.0.14 (external, cli)', '10.0.' || m.n % 4 || '.' || m.n % 250,
    c.decision
from made m
left join tried t on t.call_id = m.id and t.is_last
join decisions c on c.provider_id is not distinct from t.provider_id;

insert into attempts (call_id, id, provider_id, provider_name, credential_id, model_sent, model_served, result, status,
    error_cause, error_message, started_ms, first_byte_ms, first_token_ms, ended_ms, upstream_request_id, input, output,
    cache_write_5m, cache_read, token_source, usage_raw, price_input, price_output, price_cache_write_5m, price_cache_write_1h,
    price_cache_read, unpriced, multiplier, cost_input, cost_output, cost_cache_write_5m, cost_cache_read, cost, recorded_at)
select call_id, id, provider_id, name, credential_id, model, model, result, status, error_cause, error_message, started_ms,
    first_byte_ms, first_token_ms, ended_ms, 'req_' || left(md5(n::text), 24), input, output, cache_write_5m, cache_read,
    case when input > 0 then 'reported' else 'none' end,
    case when input > 0 then jsonb_build_object('input_tokens', input, 'output_tokens', output, 'cache_read_input_tokens',
        cache_read, 'cache_creation_input_tokens', cache_write_5m, 'service_tier', 'standard') end,
    (3e9 * factor)::bigint, (15e9 * factor)::bigint, (3.75e9 * factor)::bigint, (6e9 * factor)::bigint, (0.3e9 * factor)::bigint,
    model = 'nobody-priced-it', 1000000, (input * 3000 * factor)::bigint, (output * 15000 * factor)::bigint,
    (cache_write_5m * 3750 * factor)::bigint, (cache_read * 300 * factor)::bigint,
    (input * 3000 * factor)::bigint + (output * 15000 * factor)::bigint + (cache_write_5m * 3750 * factor)::bigint
        + (cache_read * 300 * factor)::bigint, at + interval '30 seconds'
from tried;

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
