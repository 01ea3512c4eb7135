-- The ledger: when an attempt came to the database, and what the sums of limits need when single calls are let go.

-- The smallest id of a moment: ids of calls begin with their time, in milliseconds.
create function first_id(at timestamptz) returns uuid
    language sql immutable parallel safe strict
    return (lpad(to_hex(floor(extract(epoch from at) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;

-- The next beginning of a span, or `at` itself if it is one.
create function next_bin(span interval, at timestamptz) returns timestamptz
    language sql immutable parallel safe strict
    return date_bin(span, at + span - interval '1 microsecond', timestamptz 'epoch');

alter table attempts add column recorded_at timestamptz not null default now();
create index attempts_by_recorded on attempts using brin (recorded_at);

-- What was spent between a reset of limits and the end of its quarter of an hour, as far as the calls are let go: the
-- sums by quarter cannot tell it from what was spent before.
create table limit_baselines (
    subject    text not null constraint limit_baselines_subject_known check (subject in ('key', 'user', 'provider')),
    subject_id bigint not null,
    reset_at   timestamptz not null,
    cost       bigint not null,                    -- nano-dollars
    primary key (subject, subject_id)
);

-- When the last fixed window of five hours began: sums by minute do not reach back to the first one.
create table limit_windows (
    subject    text not null constraint limit_windows_subject_known check (subject in ('key', 'user', 'provider')),
    subject_id bigint not null,
    started_at timestamptz not null,
    primary key (subject, subject_id)
);
