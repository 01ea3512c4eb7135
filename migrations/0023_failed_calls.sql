-- The list's errors are those that sums count (docs/rules.md, Reports): what was rejected or refused is none of them, and
-- there may be much of it.
drop index calls_with_error;
create index calls_failed on calls (id desc) where outcome in ('failed', 'interrupted') and kind <> 'probe';
