-- The facets are made in steps, from the newest sums on: what is from made_from on is in them. From the epoch on is all.
alter table usage_zone
    add column made_from timestamptz not null default 'epoch';
