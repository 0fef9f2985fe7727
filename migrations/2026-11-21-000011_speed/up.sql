-- What dashboards and rebuilds need to be fast with a million facts.

set local role em_owner;

-- Up to so many lead times a percentile over rows is there in some 30 ms.
create or replace function dora_v_exact_limit() returns bigint language sql immutable parallel safe as 'select 40000::bigint';

reset role;

-- A rebuild sums up the events in tables of its own, beside those that are read meanwhile.
do $$ begin execute format('grant temporary on database %I to em_app', current_database()); end $$;
