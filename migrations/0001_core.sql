-- The core of the hub: who may call, where calls may go, what they cost, and what happened.
-- Conventions: ids are bigint identity or UUIDv7; money is whole nano-dollars, multipliers are millionths (both bigint);
-- times are timestamptz; enumerations are text with a check. Deleting a user, key or provider only sets deleted_at,
-- so that history keeps its names.

create table users (
    id         bigint generated always as identity primary key,
    name       text not null,
    note       text not null default '',
    enabled    boolean not null default true,
    role       text not null default 'user' constraint users_role_known check (role in ('user', 'admin')),
    groups     text[] not null default '{}',       -- REST `group`; empty means `default`
    expires_at timestamptz,
    created_at timestamptz not null default now(),
    deleted_at timestamptz
);
create unique index users_name_unique on users (name) where deleted_at is null;

create table keys (
    id           bigint generated always as identity primary key,
    user_id      bigint not null references users (id),
    name         text not null,
    secret_hash  bytea not null,                   -- SHA-256 of the secret; the secret itself is nowhere
    prefix       text not null,                    -- the first characters, for display
    last_four    text not null,
    enabled      boolean not null default true,
    groups       text[] not null default '{}',     -- empty means the user's
    expires_at   timestamptz,
    last_used_at timestamptz,                      -- written with the ledger, not on the hot path
    created_at   timestamptz not null default now(),
    deleted_at   timestamptz
);
create unique index keys_secret_hash_unique on keys (secret_hash);
create index keys_by_user on keys (user_id, id);

create table provider_groups (
    name       text primary key,
    created_at timestamptz not null default now()
);
insert into provider_groups (name) values ('default');

create table providers (
    id                    bigint generated always as identity primary key,
    name                  text not null,
    kind                  text not null constraint providers_kind_known check (kind in ('anthropic')),
    base_url              text not null,
    enabled               boolean not null default true,
    weight                integer not null default 1 check (weight between 0 and 10000),
    priority              integer not null default 0,
    groups                text[] not null default '{}',
    cost_multiplier       bigint not null default 1000000 check (cost_multiplier >= 0),
    models                jsonb not null default '[]',
    redirects             jsonb not null default '[]',
    proxy_sealed          bytea,                   -- the proxy's URL may carry a password
    proxy_masked          text,                    -- the same without it, for display
    connect_timeout_ms    integer check (connect_timeout_ms > 0),
    first_byte_timeout_ms integer check (first_byte_timeout_ms > 0),
    idle_timeout_ms       integer check (idle_timeout_ms > 0),
    total_timeout_ms      integer check (total_timeout_ms > 0),
    on_client_gone        text not null default 'drain' constraint providers_on_client_gone_known check (on_client_gone in ('drain', 'stop')),
    headers               jsonb not null default '{}',
    created_at            timestamptz not null default now(),
    updated_at            timestamptz not null default now(),
    deleted_at            timestamptz
);
create unique index providers_name_unique on providers (name) where deleted_at is null;

create table credentials (
    id            bigint generated always as identity primary key,
    provider_id   bigint not null references providers (id),
    secret_sealed bytea not null,                  -- AES-256-GCM under the master key
    preview       text not null,
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);
create index credentials_by_provider on credentials (provider_id);

create table model_prices (
    model          text primary key,
    input          bigint not null check (input >= 0),            -- nano-dollars per million tokens, as all five
    output         bigint not null check (output >= 0),
    cache_write_5m bigint not null check (cache_write_5m >= 0),
    cache_write_1h bigint not null check (cache_write_1h >= 0),
    cache_read     bigint not null check (cache_read >= 0),
    source         text not null constraint model_prices_source_known check (source in ('builtin', 'manual')),
    updated_at     timestamptz not null default now(),
    deleted_at     timestamptz                                    -- a deleted builtin price stays away after an upgrade
);

create table settings (
    name       text primary key,
    value      jsonb not null,
    updated_at timestamptz not null default now()
);

-- One row. The sealed text proves at start that the master key is the one the secrets were sealed with.
create table installation (
    only_one   boolean primary key default true check (only_one),
    id         uuid not null,
    key_proof  bytea not null,
    created_at timestamptz not null default now()
);

create table console_sessions (
    id           bigint generated always as identity primary key,
    token_hash   bytea not null unique,            -- SHA-256 of the cookie's value
    address      text not null,
    user_agent   text not null default '',
    created_at   timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at   timestamptz not null,
    revoked_at   timestamptz
);

create table audit_log (
    id        bigint generated always as identity primary key,
    at        timestamptz not null default now(),
    actor     text not null,                       -- `admin token`, `console session 12`, `system`
    address   text,
    action    text not null,                       -- `provider.update`
    subject   text not null default '',            -- the id or name of what was changed
    before    jsonb,                               -- secrets are never in here
    after     jsonb
);
create index audit_log_by_time on audit_log (at desc);

-- One client request and its answer. Written once, when it is over, from the journal. Partitioned by day on the id,
-- which is a UUIDv7 and so carries the time; the primary key makes writing idempotent.
create table calls (
    id                  uuid not null primary key,
    created_at          timestamptz not null,
    kind                text not null check (kind in ('messages', 'probe')),
    user_id             bigint,
    key_id              bigint,
    provider_id         bigint,
    session_id          text,
    model               text not null,
    model_sent          text,
    model_served        text,
    stream              boolean not null,
    status              integer,
    outcome             text not null check (outcome in ('completed', 'rejected', 'refused', 'failed', 'interrupted', 'abandoned')),
    input               bigint not null default 0,
    output              bigint not null default 0,
    cache_write_5m      bigint not null default 0,
    cache_write_1h      bigint not null default 0,
    cache_read          bigint not null default 0,
    token_source        text not null default 'none' check (token_source in ('none', 'reported', 'partial', 'estimated')),
    cost_input          bigint not null default 0,
    cost_output         bigint not null default 0,
    cost_cache_write_5m bigint not null default 0,
    cost_cache_write_1h bigint not null default 0,
    cost_cache_read     bigint not null default 0,
    cost                bigint not null default 0,
    unpriced            boolean not null default false,
    n_attempts          integer not null default 0,
    first_byte_ms       integer,
    first_token_ms      integer,
    duration_ms         integer,
    error_cause         text,
    error_message       text,
    user_agent          text,
    address             text,
    decision            jsonb not null default '{}'
) partition by range (id);
create table calls_default partition of calls default;
create index calls_by_user on calls (user_id, id desc);
create index calls_by_key on calls (key_id, id desc);
create index calls_by_provider on calls (provider_id, id desc);
create index calls_by_session on calls (session_id, id desc) where session_id is not null;

-- One try of a call at one provider: an entry of the ledger.
create table attempts (
    call_id             uuid not null,
    id                  uuid not null,
    provider_id         bigint not null,
    provider_name       text not null,
    credential_id       bigint not null,
    model_sent          text not null,
    model_served        text,
    result              text not null check (result in ('completed', 'delivered', 'failed', 'interrupted', 'abandoned')),
    status              integer,
    error_cause         text,
    error_message       text,
    started_ms          integer not null,
    first_byte_ms       integer,
    first_token_ms      integer,
    ended_ms            integer not null,
    upstream_request_id text,
    input               bigint not null default 0,
    output              bigint not null default 0,
    cache_write_5m      bigint not null default 0,
    cache_write_1h      bigint not null default 0,
    cache_read          bigint not null default 0,
    token_source        text not null check (token_source in ('none', 'reported', 'partial', 'estimated')),
    usage_raw           jsonb,
    price_input          bigint not null,
    price_output         bigint not null,
    price_cache_write_5m bigint not null,
    price_cache_write_1h bigint not null,
    price_cache_read     bigint not null,
    unpriced            boolean not null default false,
    multiplier          bigint not null,
    cost_input          bigint not null default 0,
    cost_output         bigint not null default 0,
    cost_cache_write_5m bigint not null default 0,
    cost_cache_write_1h bigint not null default 0,
    cost_cache_read     bigint not null default 0,
    cost                bigint not null default 0,
    primary key (call_id, id)
) partition by range (call_id);
create table attempts_default partition of attempts default;

-- Entries that Postgres rejected, as they stood in the journal, so that one bad row never blocks its batch.
create table quarantine (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    call_id uuid,
    reason  text not null,
    entry   text not null
);

-- Sums by time, user, key, provider and model; 0 stands for none. A call counts once, at its last provider; tokens,
-- cost and attempts count at the provider that each attempt went to. Histograms have the 20 buckets of
-- `domain::report::TIME_EDGES_MS`, so that they can be added up. Written in the transaction that inserts the calls.
create table usage_1m (
    at                  timestamptz not null,      -- the beginning of the minute
    user_id             bigint not null,
    key_id              bigint not null,
    provider_id         bigint not null,
    model               text not null,
    calls               bigint not null,
    completed           bigint not null,
    rejected            bigint not null,
    refused             bigint not null,
    failed              bigint not null,
    interrupted         bigint not null,
    abandoned           bigint not null,
    attempts            bigint not null,
    unpriced            bigint not null,
    input               bigint not null,
    output              bigint not null,
    cache_write_5m      bigint not null,
    cache_write_1h      bigint not null,
    cache_read          bigint not null,
    cost_input          bigint not null,
    cost_output         bigint not null,
    cost_cache_write_5m bigint not null,
    cost_cache_write_1h bigint not null,
    cost_cache_read     bigint not null,
    cost                bigint not null,
    first_token_hist    bigint[] not null,
    duration_hist       bigint[] not null,
    primary key (at, user_id, key_id, provider_id, model)
);
-- The same by quarter of an hour, kept for ever: every time zone's offset is a multiple of it.
create table usage_15m (like usage_1m including all);

-- Adds two histograms bucket by bucket.
create function add_histograms(a bigint[], b bigint[]) returns bigint[]
    language sql immutable parallel safe strict
    return (select array_agg(coalesce(x, 0) + coalesce(y, 0) order by n) from unnest(a, b) with ordinality as t (x, y, n));
create aggregate sum_histograms(bigint[]) (sfunc = add_histograms, stype = bigint[], parallel = safe, combinefunc = add_histograms);
