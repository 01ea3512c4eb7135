-- A login with the admin token ends when the token is another one.

alter table console_sessions
    add column token_mark bytea;                             -- what the admin token was known by; null: a user's login
-- Which token they were made with is not known.
delete from console_sessions where user_id is null;
