-- How long an attempt waited before it began, and how long its connection took if it needed a new one.

alter table attempts add column queue_ms integer;
alter table attempts add column connect_ms integer;

-- How many providers a call may try has a name of its own now, since it may try each several times.
update settings set name = 'providers_max' where name = 'attempts_max';
