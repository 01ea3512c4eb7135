-- Whom the calls of the bench are from, where they went, and what is drawn by lot: for one connection that fills days.
-- Users, keys and providers are those that the management API has made.
set synchronous_commit = off;
set work_mem = '512MB';
set temp_buffers = '128MB';
set client_min_messages = warning;
-- Rows stay in the order of their times.
set enable_mergejoin = off;

-- The same number always for the same call: from 0 up to, but without, 1.
create function pg_temp.lot(n bigint, lot bigint) returns float8
    language sql immutable
    return (hashint8extended(n, lot) & 1048575)::float8 / 1048576;

create temp table callers as
    select row_number() over (order by id) - 1 as place, id as key_id, user_id from keys where deleted_at is null;
create temp table targets as
    select row_number() over (order by p.id) - 1 as place, p.id, p.name, c.id as credential_id
    from providers p join credentials c on c.provider_id = p.id
    where p.deleted_at is null;
-- What is asked for, and its list price against the first one's.
create temp table asked (place, model, factor) as values
    (0, 'claude-sonnet-4-5', 1.0::float8), (1, 'claude-opus-4-5', 1.67), (2, 'claude-haiku-4-5', 0.33), (3, 'claude-sonnet-4', 1.0),
    (4, 'claude-opus-4-1', 5.0), (5, 'claude-3-7-sonnet', 1.0), (6, 'claude-3-5-haiku', 0.27), (7, 'house-large', 0.5),
    (8, 'house-small', 0.1), (9, 'glm-4.6', 0.2), (10, 'kimi-k2', 0.2), (11, 'nobody-priced-it', 5.0);
-- The decision that chose each provider, and the one that chose nobody (0). It names all of them; half are in none of the
-- key's groups. Long enough to be kept compressed, as the hub's own are.
create temp table decisions as
    with candidates as (
        select json_agg(json_build_object('provider_id', id::text, 'name', name, 'priority', place % 3, 'weight', 1,
            'skip', case when place % 2 = 1 then 'group' end, 'hold', null) order by place) as list
        from targets
    )
    select coalesce(chosen.id, 0) as provider_id, jsonb_build_object('groups', array['default'], 'screened_ms', 1, 'choices',
        jsonb_build_array(jsonb_build_object('at_ms', 1, 'n_more', 0, 'group', 'default', 'priority', 0, 'weight_total', 7,
            'draw', 3, 'provider_id', chosen.id::text, 'candidates', list))) as decision
    from candidates
    cross join (select id from targets union all select null) chosen;
-- What was asked and answered: a short conversation, and one that is longer than what is kept of it, of whose request the
-- first 64 KiB and the last 192 KiB stay, and 256 KiB of its answer, as `relay::capture` keeps them.
create temp table bodies as
    with said as (
        select n, (select string_agg(md5((n * 100 + i)::text), ' ') from generate_series(1, 60) i) as words
        from generate_series(1, 400) n
    ),
    lengths (is_long, turns, deltas) as (values (false, 1, 4), (true, 400, 3000)),
    whole as (
        select is_long,
            convert_to((select jsonb_build_object('model', 'claude-sonnet-4-5', 'max_tokens', 32000, 'stream', true,
                'messages', jsonb_agg(jsonb_build_object('role', case when n % 2 = 1 then 'user' else 'assistant' end,
                    'content', jsonb_build_array(jsonb_build_object('type', 'text', 'text',
                        case when is_long then words else left(words, 700) end))) order by n))
                from said where n <= turns)::text, 'UTF8') as request,
            convert_to(E'event: content_block_start\ndata: {"type":"content_block_start","index":0,"content_block":'
                || E'{"type":"text","text":""}}\n\n'
                || (select string_agg(E'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":'
                    || '{"type":"text_delta","text":"' || md5(i::text) || E' "}}\n\n', '' order by i)
                    from generate_series(1, deltas) i), 'UTF8') as answer
        from lengths
    )
    select is_long, length(request)::bigint as request_bytes,
        case when is_long then substring(request from 1 for 65536) else request end as request_head,
        case when is_long then substring(request from length(request) - 196607) end as request_tail,
        length(answer)::bigint as answer_bytes, substring(answer from 1 for 262144) as answer_head
    from whole;
analyze callers, targets, asked, decisions, bodies;
