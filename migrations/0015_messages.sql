-- What was asked and answered, where STORE_SESSION_MESSAGES is on: bodies only, never headers. Partitioned by day as the
-- calls are, and kept for messages_retention_days. Of a long body its beginning and its end are kept.
create table call_messages (
    call_id       uuid not null primary key,
    request_bytes bigint not null,                 -- of the whole body
    request_head  bytea not null,
    request_tail  bytea,                           -- null: request_head is all of it
    answer_bytes  bigint not null,
    answer_head   bytea not null
) partition by range (call_id);
create table call_messages_default partition of call_messages default;
