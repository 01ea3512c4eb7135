-- Sums of each session, so that sessions are listed without reading their calls. Written in the transaction that inserts
-- the calls; kept as long as the last of them.
--   calls, cost …   all recorded calls of the session, also those that were let go since
--   models          those that were asked for, at most 20
--   provider_id     the last one that a call of it was at; user_agent: what the last call came from
create table sessions (
    key_id         bigint not null,
    session_id     text not null,
    user_id        bigint not null,
    first_at       timestamptz not null,
    last_at        timestamptz not null,
    last_call      uuid not null,
    provider_id    bigint,
    user_agent     text,
    models         text[] not null,
    calls          bigint not null,
    failed         bigint not null,
    input          bigint not null,
    output         bigint not null,
    cache_write_5m bigint not null,
    cache_write_1h bigint not null,
    cache_read     bigint not null,
    cost           bigint not null,
    primary key (key_id, session_id)
);
-- The order of the list: an id carries its time.
create index sessions_by_last_call on sessions (last_call);
-- By the beginning of the name.
create index sessions_by_name on sessions (session_id text_pattern_ops);

insert into sessions
select key_id, session_id, max(user_id), min(created_at), max(created_at), (array_agg(id order by id desc))[1],
    (array_agg(provider_id order by id desc) filter (where provider_id is not null))[1],
    (array_agg(user_agent order by id desc))[1], (array_agg(distinct model))[1:20],
    count(*), count(*) filter (where outcome in ('failed', 'interrupted')), sum(input)::bigint, sum(output)::bigint,
    sum(cache_write_5m)::bigint, sum(cache_write_1h)::bigint, sum(cache_read)::bigint, sum(cost)::bigint
from calls
where key_id is not null and user_id is not null and session_id is not null
group by key_id, session_id;
