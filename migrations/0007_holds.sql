-- What may not be used, why, and until when. Written behind the hub's back, read at its start and by other replicas.
-- A breaker's hold lasts until the breaker is closed; past its `until` it is half-open. Ended ones are the history.

create table holds (
    id            uuid primary key,
    scope         text not null check (scope in ('provider', 'model', 'credential', 'group')),
    provider_id   bigint references providers (id),
    credential_id bigint references credentials (id),
    model         text,                            -- as it is sent to the provider
    group_name    text,
    reason        text not null check (reason in ('breaker', 'overload', 'rate_limit', 'spend_limit', 'quota_window', 'credential', 'entitlement', 'proxy', 'pause')),
    source        text not null check (source in ('hub', 'provider', 'admin')),
    since         timestamptz not null,
    until         timestamptz,                     -- null until somebody ends it
    note          text not null,
    call_id       uuid,
    ended_at      timestamptz,
    ended_why     text check (ended_why in ('expired', 'healed', 'reopened', 'ended', 'edited', 'gone')),
    constraint holds_scope_complete check (case scope
        when 'provider' then provider_id is not null
        when 'model' then provider_id is not null and model is not null
        when 'credential' then provider_id is not null and credential_id is not null
        else group_name is not null end),
    constraint holds_end_complete check ((ended_at is null) = (ended_why is null))
);
create index holds_open on holds (provider_id) where ended_at is null;
create index holds_by_end on holds (ended_at) where ended_at is not null;
