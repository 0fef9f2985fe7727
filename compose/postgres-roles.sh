#!/bin/sh
# Runs once, when PostgreSQL's volume is new: the roles of the first migration, the login of EM Agent (owner of the database,
# no superuser) and the login of Grafana, which may only read. The server's own superuser is for people.
set -eu

psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  --set em_agent_password="$EM_AGENT_DB_PASSWORD" --set grafana_password="$GRAFANA_DB_PASSWORD" <<'SQL'
create role em_owner nologin;
create role em_app nologin;
create role em_ingest nologin;
create role em_relay nologin;
create role em_readonly nologin;

create role em_agent login password :'em_agent_password';
grant em_owner, em_app, em_ingest, em_relay, em_readonly to em_agent;
alter database :"DBNAME" owner to em_agent;
alter schema public owner to em_agent;
revoke create on schema public from public;

create role grafana login password :'grafana_password' connection limit 20;
grant em_readonly to grafana;
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '30s';
alter role grafana set jit = off; -- queries of milliseconds: compiling them takes longer than running them
alter role grafana set random_page_cost = 1.1; -- solid-state disks: a range of an index beats the whole table
SQL
