-- Reports that reach up to now from few rows. Of the quarters of an hour of today that are over there are facets too, made
-- a while after their end, up to quarters_closed_before; what tells nothing apart has one row for each span; what went
-- wrong is there by day for users and keys too (src/store/facet.rs).

-- What sum(bigint) is, but a bigint: sum makes a numeric of each, which takes most of the memory and much of the time of
-- a report with many rows.
create aggregate add_up(bigint) (
    sfunc = int8pl,
    stype = bigint,
    combinefunc = int8pl,
    parallel = safe
);

alter table usage_zone
    add column quarters_closed_before timestamptz;

-- What went wrong on days that are over, by who asked.
create table usage_caller_errors_1d (
    user_id  bigint not null,
    at       timestamptz not null,
    key_id   bigint not null,
    cause    text not null,
    n_errors bigint not null,
    primary key (user_id, at, key_id, cause)
);
insert into usage_caller_errors_1d (user_id, at, key_id, cause, n_errors)
select e.user_id, date_trunc('day', e.at, z.name), e.key_id, e.cause, add_up(e.n_errors)
from usage_errors e
join usage_zone z on e.at < z.closed_before
group by 1, 2, 3, 4;

-- The facets that are new, of days that are over: each is added up from one that tells more apart, and ends where that does.
do $$
declare
    names text;
    sums text;
    times text;
    made record;
begin
    select string_agg(column_name, ', ' order by ordinal_position),
            string_agg('add_up(' || column_name || ')', ', ' order by ordinal_position)
        from information_schema.columns
        where table_schema = current_schema() and table_name = 'usage_facets' and data_type = 'bigint'
            and column_name not in ('user_id', 'key_id', 'provider_id')
        into names, sums;
    select 'array[' || string_agg(format('add_up(first_token_hist[%s])', n), ', ' order by n) || '], array['
            || string_agg(format('add_up(duration_hist[%s])', n), ', ' order by n) || ']'
        from generate_series(1, 20) n into times;
    for made in
        select * from (values
            ('all_15m', 'provider_15m', 'at', '0', 'true'),
            ('all_1d', 'provider_1d', 'at', '0', 'true'),
            ('all_1w', 'provider_1w', 'at', '0', 'true'),
            ('all_1mo', 'provider_1mo', 'at', '0', 'true'),
            ('provider_1h', 'provider_15m', 'date_bin(''1 hour'', at, timestamptz ''epoch'')', 'provider_id',
                'at < (select date_bin(''1 hour'', closed_before, timestamptz ''epoch'') from usage_zone)')
        ) as facets (facet, source, at, provider, condition)
    loop
        execute format(
            'insert into usage_facets (facet, at, user_id, key_id, provider_id, model, %s, first_token_hist, duration_hist)
            select %L, %s, 0, 0, %s, '''', %s, %s from usage_facets where facet = %L and %s group by 1, 2, 3, 4, 5, 6',
            names, made.facet, made.at, made.provider, sums, times, made.source, made.condition);
    end loop;
end
$$;
