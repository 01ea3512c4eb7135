-- The tables of a day, on their own and without indexes while they are filled. Today's are there already, as partitions.
create table if not exists calls_$NAME (like calls including defaults including constraints);
create table if not exists attempts_$NAME (like attempts including defaults including constraints);
