-- What else a hub has that lived for as long as its calls say.
update keys set last_used_at = used.at
from (select key_id, max(last_at) as at from sessions group by key_id) used
where used.key_id = keys.id;

-- Two hundred lines a day.
insert into audit_log (at, actor, user_id, address, action, subject, before, after)
select now() - n * interval '90 days' / 18000, case when n % 3 = 0 then 'admin token' else 'user ' || u.name end,
    case when n % 3 > 0 then u.id end, '10.0.' || n % 4 || '.' || n % 250,
    case when n % 4 = 0 then 'user.update' else 'console.login' end,
    case when n % 4 = 0 then u.id::text else n::text end,
    case when n % 4 = 0 then jsonb_build_object('name', u.name, 'note', 'before ' || n, 'limit_rpm', n) end,
    case when n % 4 = 0 then jsonb_build_object('name', u.name, 'note', 'after ' || n, 'limit_rpm', n + 1) end
from generate_series(18000, 1, -1) n
join (select id, name, row_number() over (order by id) - 1 as place, count(*) over () as n_all from users) u
    on u.place = n % u.n_all;

-- Logins, of which the last thousand have neither ended nor expired.
insert into console_sessions (token_hash, address, user_agent, created_at, last_seen_at, expires_at, user_id)
select sha256(n::text::bytea), '10.0.' || n % 4 || '.' || n % 250, 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0',
    now() - n * interval '43 minutes', now() - n * interval '42 minutes',
    now() - n * interval '43 minutes' + interval '30 days', u.id
from generate_series(2000, 1, -1) n
join (select id, row_number() over (order by id) - 1 as place, count(*) over () as n_all from users) u
    on u.place = n % u.n_all;

-- Holds: two for each provider and day that have ended, and two that have not.
insert into holds (id, scope, provider_id, model, reason, source, since, until, note, call_id, model_sent, ended_at, ended_why)
select gen_random_uuid(), 'model', p.id, 'claude-opus-4-1', 'overload', 'provider', now() - n * interval '12 hours',
    now() - n * interval '12 hours' + interval '1 minute', 'overloaded_error: Overloaded', gen_random_uuid(), 'claude-opus-4-1',
    now() - n * interval '12 hours' + interval '1 minute', 'expired'
from providers p
cross join generate_series(1, 178) n;
insert into holds (id, scope, provider_id, model, reason, source, since, until, note, model_sent)
select gen_random_uuid(), case when n = 1 then 'provider' else 'model' end, p.id, case when n = 2 then 'claude-opus-4-1' end,
    case when n = 1 then 'pause' else 'quota_window' end, case when n = 1 then 'admin' else 'provider' end,
    now() - interval '1 hour', case when n = 2 then now() + interval '2 days' end, 'for the bench',
    case when n = 2 then 'claude-opus-4-1' end
from generate_series(1, 2) n
join (select id, row_number() over (order by id desc) as place from providers) p on p.place = n;
