-- Limits: how much a user, a key or a provider may use. The same columns in each table; null is no limit, 0 lets nothing
-- pass.
--   limit_rpm, limit_tpm                    calls, and tokens, in a minute
--   limit_*_usd                             nano-dollars in a window
--   limit_concurrent_requests, _sessions    at the same time
--   limit_mode                              whether limits of money reserve an estimate (soft) or the worst case (hard)
--   reset_5h_mode, daily_reset_mode         whether these windows roll or begin at a certain moment
--   daily_reset_time                        minutes after midnight, in the hub's time zone
--   reset_at                                what was spent before does not count

alter table users
    add column limit_rpm                 integer check (limit_rpm >= 0),
    add column limit_tpm                 bigint check (limit_tpm >= 0),
    add column limit_5h_usd              bigint check (limit_5h_usd >= 0),
    add column limit_daily_usd           bigint check (limit_daily_usd >= 0),
    add column limit_weekly_usd          bigint check (limit_weekly_usd >= 0),
    add column limit_monthly_usd         bigint check (limit_monthly_usd >= 0),
    add column limit_total_usd           bigint check (limit_total_usd >= 0),
    add column limit_concurrent_requests integer check (limit_concurrent_requests >= 0),
    add column limit_concurrent_sessions integer check (limit_concurrent_sessions >= 0),
    add column limit_mode                text not null default 'soft' constraint users_limit_mode_known check (limit_mode in ('soft', 'hard')),
    add column reset_5h_mode             text not null default 'rolling' constraint users_reset_5h_mode_known check (reset_5h_mode in ('rolling', 'fixed')),
    add column daily_reset_mode          text not null default 'fixed' constraint users_daily_reset_mode_known check (daily_reset_mode in ('rolling', 'fixed')),
    add column daily_reset_time          integer not null default 0 check (daily_reset_time between 0 and 1439),
    add column reset_at                  timestamptz;

alter table keys
    add column limit_rpm                 integer check (limit_rpm >= 0),
    add column limit_tpm                 bigint check (limit_tpm >= 0),
    add column limit_5h_usd              bigint check (limit_5h_usd >= 0),
    add column limit_daily_usd           bigint check (limit_daily_usd >= 0),
    add column limit_weekly_usd          bigint check (limit_weekly_usd >= 0),
    add column limit_monthly_usd         bigint check (limit_monthly_usd >= 0),
    add column limit_total_usd           bigint check (limit_total_usd >= 0),
    add column limit_concurrent_requests integer check (limit_concurrent_requests >= 0),
    add column limit_concurrent_sessions integer check (limit_concurrent_sessions >= 0),
    add column limit_mode                text not null default 'soft' constraint keys_limit_mode_known check (limit_mode in ('soft', 'hard')),
    add column reset_5h_mode             text not null default 'rolling' constraint keys_reset_5h_mode_known check (reset_5h_mode in ('rolling', 'fixed')),
    add column daily_reset_mode          text not null default 'fixed' constraint keys_daily_reset_mode_known check (daily_reset_mode in ('rolling', 'fixed')),
    add column daily_reset_time          integer not null default 0 check (daily_reset_time between 0 and 1439),
    add column reset_at                  timestamptz;

alter table providers
    add column limit_rpm                 integer check (limit_rpm >= 0),
    add column limit_tpm                 bigint check (limit_tpm >= 0),
    add column limit_5h_usd              bigint check (limit_5h_usd >= 0),
    add column limit_daily_usd           bigint check (limit_daily_usd >= 0),
    add column limit_weekly_usd          bigint check (limit_weekly_usd >= 0),
    add column limit_monthly_usd         bigint check (limit_monthly_usd >= 0),
    add column limit_total_usd           bigint check (limit_total_usd >= 0),
    add column limit_concurrent_requests integer check (limit_concurrent_requests >= 0),
    add column limit_concurrent_sessions integer check (limit_concurrent_sessions >= 0),
    add column limit_mode                text not null default 'soft' constraint providers_limit_mode_known check (limit_mode in ('soft', 'hard')),
    add column reset_5h_mode             text not null default 'rolling' constraint providers_reset_5h_mode_known check (reset_5h_mode in ('rolling', 'fixed')),
    add column daily_reset_mode          text not null default 'fixed' constraint providers_daily_reset_mode_known check (daily_reset_mode in ('rolling', 'fixed')),
    add column daily_reset_time          integer not null default 0 check (daily_reset_time between 0 and 1439),
    add column reset_at                  timestamptz;
