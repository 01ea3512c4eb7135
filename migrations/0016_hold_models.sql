-- What the attempt asked for that caused a hold: a probe asks for the same.
alter table holds add column model_sent text;
