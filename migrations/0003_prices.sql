-- Prices as versioned data, what more there is to a cost, and factors of groups.

-- Every price that a model ever had. Attempts name the number; nothing is ever changed or taken out.
create table price_versions (
    id     bigint generated always as identity primary key,
    model  text not null,
    at     timestamptz not null default now(),
    source text not null,
    price  jsonb                                   -- as REST shows it; null: the price was deleted
);
create index price_versions_by_model on price_versions (model, id desc);
insert into price_versions (model, at, source, price)
select model, updated_at, source,
    jsonb_build_object(
        'input', trim_scale(input / 1e9)::text, 'output', trim_scale(output / 1e9)::text,
        'cache_write_5m', trim_scale(cache_write_5m / 1e9)::text,
        'cache_write_1h', trim_scale(cache_write_1h / 1e9)::text, 'cache_read', trim_scale(cache_read / 1e9)::text)
from model_prices
where deleted_at is null
order by model;

alter table model_prices
    add column version bigint references price_versions (id),
    add column details jsonb not null default '{}',  -- all that REST shows of a price beside the five rates
    drop constraint model_prices_source_known,
    add constraint model_prices_source_known check (source in ('builtin', 'litellm', 'manual'));
update model_prices p set version = v.id from price_versions v where v.model = p.model;

-- Factors on prices for the calls of a group.
alter table provider_groups
    add column note text not null default '',
    add column cost_multiplier bigint not null default 1000000 check (cost_multiplier >= 0);

-- Tools that providers run, fees, and on what terms an answer was served.
alter table calls
    add column web_searches bigint not null default 0,
    add column web_fetches bigint not null default 0,
    add column code_executions bigint not null default 0,
    add column cost_tools bigint not null default 0,
    add column cost_request bigint not null default 0;
alter table attempts
    add column web_searches bigint not null default 0,
    add column web_fetches bigint not null default 0,
    add column code_executions bigint not null default 0,
    add column cost_tools bigint not null default 0,
    add column cost_request bigint not null default 0,
    add column price_version bigint,               -- null: the model had no price
    add column price_factor bigint not null default 1000000,
    add column group_multiplier bigint not null default 1000000,
    add column speed text,
    add column service_tier text,
    add column region text;
alter table usage_1m
    add column web_searches bigint not null default 0,
    add column web_fetches bigint not null default 0,
    add column code_executions bigint not null default 0,
    add column cost_tools bigint not null default 0,
    add column cost_request bigint not null default 0;
alter table usage_15m
    add column web_searches bigint not null default 0,
    add column web_fetches bigint not null default 0,
    add column code_executions bigint not null default 0,
    add column cost_tools bigint not null default 0,
    add column cost_request bigint not null default 0;
