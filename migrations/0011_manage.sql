-- What operators sort users by, and the secret that a key had before it got another one.

alter table users
    add column tags text[] not null default '{}';

-- Until old_secret_until calls may still come with the secret before. One at a time: the next one takes its place.
alter table keys
    add column old_secret_hash  bytea,
    add column old_secret_until timestamptz,
    add constraint keys_old_secret_whole check ((old_secret_hash is null) = (old_secret_until is null));
