-- Who may see what: passwords, whose a login is, and who stands behind a line of the audit log.

alter table users add column password_hash text;             -- bcrypt; null: no login with a password

alter table console_sessions
    add column user_id bigint references users (id),          -- null: the admin token
    add column key_id  bigint references keys (id),           -- null: the admin token, or a password
    add constraint console_sessions_key_has_user check (key_id is null or user_id is not null);
create index console_sessions_by_user on console_sessions (user_id, id) where revoked_at is null;

alter table audit_log
    add column user_id    bigint,                             -- the user who acted; null: the admin token, or nobody
    add column session_id bigint;                             -- the login it was done in; null: a bearer
drop index audit_log_by_time;
create index audit_log_by_time on audit_log (at desc, id desc);
create index audit_log_by_actor on audit_log (actor, at desc, id desc);
create index audit_log_by_action on audit_log (action, at desc, id desc);
create index audit_log_by_subject on audit_log (subject, at desc, id desc);
