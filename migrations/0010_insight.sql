-- Reports over any range, in little time.
--   attempts_good, attempts_bad   attempts that were served, and that the provider did not serve (docs/rules.md, Reports)
--   streamed, streamed_ms         tokens of answers that came as streams, and the time from their first content to their end
alter table usage_1m
    add column attempts_good bigint not null default 0,
    add column attempts_bad bigint not null default 0,
    add column streamed bigint not null default 0,
    add column streamed_ms bigint not null default 0;
alter table usage_15m
    add column attempts_good bigint not null default 0,
    add column attempts_bad bigint not null default 0,
    add column streamed bigint not null default 0,
    add column streamed_ms bigint not null default 0;

-- The sums of usage_15m once more, added up further. What a facet does not tell apart is 0 or empty.
--   route_15m   by quarter of an hour, provider and model
--   route_1d    by day, provider and model
--   caller_1d   by day, user and key
--   whole_1d    by day, and all four
-- Days begin in the time zone that usage_zone names; while it is empty, or not that of the settings, the days are being
-- made. It is locked for a moment by whoever adds to them.
create table usage_facets (
    facet text not null,
    like usage_15m including defaults,
    primary key (facet, at, user_id, key_id, provider_id, model)
);
create table usage_zone (
    only_one boolean primary key default true check (only_one),
    name     text not null
);
insert into usage_zone (name) values ('');

-- What went wrong, by quarter of an hour: each attempt that was not served, at its provider, and each call that got no
-- attempt at all, at none.
create table usage_errors (
    at          timestamptz not null,
    user_id     bigint not null,
    key_id      bigint not null,
    provider_id bigint not null,
    model       text not null,
    cause       text not null,
    n_errors    bigint not null,
    primary key (at, user_id, key_id, provider_id, model, cause)
);

-- The filters of calls. What most calls have is in none of the partial ones.
create index calls_by_model on calls (model, id desc);
create index calls_by_cost on calls (cost);
create index calls_by_duration on calls (duration_ms);
create index calls_not_completed on calls (outcome, id desc) where outcome <> 'completed';
create index calls_by_status on calls (status, id desc) where status <> 200;
create index calls_with_error on calls (id desc) where error_cause is not null;
create index calls_retried on calls (id desc) where n_attempts > 1;
