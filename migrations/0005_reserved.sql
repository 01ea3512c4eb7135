-- What was reserved for an attempt where somebody's limit is hard, in nano-dollars.

alter table attempts add column reserved bigint;
