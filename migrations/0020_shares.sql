-- What each model has used of an attempt's answer and what that cost, where others than the one that was sent have worked
-- on it too; null where there are none.

alter table attempts add column shares jsonb;

-- Answers on which a model without a price has worked: the first page names these models.
create index attempts_unpriced_shares on attempts (call_id) where unpriced and shares is not null;
