do $$ begin execute format('revoke temporary on database %I from em_app', current_database()); end $$;
set local role em_owner;
create or replace function dora_v_exact_limit() returns bigint language sql immutable parallel safe as 'select 100000::bigint';
reset role;
