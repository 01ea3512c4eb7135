-- What routing goes by: who may use what, when, in which order, and how patient the hub is with a provider.

alter table keys
    add column models    jsonb not null default '[]',      -- empty means all
    add column clients   text[] not null default '{}',     -- globs on the user agent; empty means any
    add column addresses text[] not null default '{}';     -- addresses and networks; empty means anywhere

alter table providers
    add column group_priorities  jsonb not null default '{}',      -- group to priority
    add column prefix            text,
    add column active_from       integer check (active_from between 0 and 1439),  -- minutes since midnight
    add column active_to         integer check (active_to between 0 and 1439),
    add column max_attempts      integer check (max_attempts between 1 and 10),
    add column breaker_failures  integer check (breaker_failures between 0 and 1000),
    add column breaker_open_s    integer check (breaker_open_s between 1 and 86400),
    add column breaker_successes integer check (breaker_successes between 1 and 100),
    add column probe             boolean not null default true,
    add column message_queue     boolean not null default false,
    add column failure_rules     jsonb not null default '[]',
    add constraint providers_active_hours check (
        (active_from is null) = (active_to is null) and (active_from is null or active_from <> active_to)
    );

alter table provider_groups
    add column priority integer not null default 0;
