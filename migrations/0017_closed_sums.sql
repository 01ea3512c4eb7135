-- Reports over months from few rows. Of days that are over there are more facets, made once for each: they tell less
-- apart, or are by week (from Monday on) and by month; src/store/facet.rs says which. closed_before is the midnight up to
-- which they are made: who records a call of an earlier day adds to them too.
alter table usage_zone
    add column closed_before timestamptz;
-- All are made anew once: one by quarter of an hour, user and key is among them now.
update usage_zone set name = '';
-- What went wrong on days that are over, whoever asked.
create table usage_errors_1d (
    at          timestamptz not null,
    provider_id bigint not null,
    model       text not null,
    cause       text not null,
    n_errors    bigint not null,
    primary key (at, provider_id, model, cause)
);
create index usage_errors_by_user on usage_errors (user_id, at);

-- The errors of the last days, for those who look for their texts: few rows close together, where those of the calls
-- lie far apart.
create table call_errors (
    call_id     uuid primary key,
    user_id     bigint,
    key_id      bigint,
    provider_id bigint,
    cause       text not null,
    message     text not null
);
insert into call_errors
select id, user_id, key_id, provider_id, error_cause, coalesce(error_message, '')
from calls
where error_cause is not null and id >= first_id(now() - interval '8 days');
