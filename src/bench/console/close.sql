-- Makes the tables of a day partitions: with the indexes that their parents have, each made of all rows at once. By turns,
-- with one another and with the hub, which makes partitions for days to come (src/store/partitions.rs).
do $$
declare
    parents constant text[] := array[$PARENTS];
    parent text;
    part text;
    made text;
begin
    foreach parent in array parents loop
        part := parent || '_$NAME';
        continue when (select relispartition from pg_class where oid = part::regclass);
        for made in
            select case when i.indisprimary then format('alter table %I add %s', part, pg_get_constraintdef(c.oid))
                else format('create index on %I using ', part) || split_part(pg_get_indexdef(i.indexrelid), ' USING ', 2) end
            from pg_index i
            left join pg_constraint c on c.conindid = i.indexrelid and c.contype = 'p'
            where i.indrelid = parent::regclass
        loop
            execute made;
        end loop;
    end loop;
    perform pg_advisory_xact_lock(7311042);
    foreach parent in array parents loop
        part := parent || '_$NAME';
        continue when (select relispartition from pg_class where oid = part::regclass);
        execute format('alter table %I attach partition %I for values from (first_id(%L)) to (first_id(%L))',
            parent, part, '$DAY', '$NEXT');
    end loop;
end
$$;
