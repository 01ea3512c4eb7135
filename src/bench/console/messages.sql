-- What was asked and answered on a day of calls: short for most, one call in a thousand is the last of a long conversation.
create table if not exists call_messages_$NAME (like call_messages including defaults including constraints);
insert into call_messages_$NAME (call_id, request_bytes, request_head, request_tail, answer_bytes, answer_head)
select m.id, b.request_bytes, b.request_head, b.request_tail, b.answer_bytes, b.answer_head
from made m
join bodies b on b.is_long = (m.n % 1000 = 7)
where m.n_attempts > 0 and not m.is_probe
order by m.id;
