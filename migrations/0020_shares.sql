-- What each model has used of an attempt's answer and what that cost, where others than the one that was sent have worked
-- on it too; null where there are none.

alter table attempts add column shares jsonb;
