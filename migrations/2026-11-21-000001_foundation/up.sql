-- The foundation: what intake keeps, what the relay owes, what consumers did, and the entity tables they keep.
--
-- Every table names its tenant. Row-level security comes later and needs no other columns: whoever works across
-- tenants (ingest, relay) already has a role of its own.

-- Roles are shared by all databases of a server: made once, by whoever comes first.
do $$
declare
  role_name text;
begin
  foreach role_name in array array['em_owner', 'em_app', 'em_ingest', 'em_relay', 'em_readonly'] loop
    begin
      if not exists (select from pg_roles where rolname = role_name) then
        execute format('create role %I nologin', role_name);
      end if;
    exception when duplicate_object or unique_violation then null; -- somebody else made it meanwhile
    end;
    begin
      if not pg_has_role(current_user, role_name, 'member') then
        execute format('grant %I to current_user', role_name);
      end if;
    exception when unique_violation then null;
    end;
  end loop;
end $$;

-- Tables belong to em_owner, whoever applies the migrations.
grant usage, create on schema public to em_owner;
grant usage on schema public to em_app, em_ingest, em_relay, em_readonly;
set local role em_owner;

create table tenants (
  tenant_id   text primary key check (tenant_id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name        text not null,
  created_at  timestamptz not null default now()
);
insert into tenants (tenant_id, name) values ('default', 'Default');

-- Which deliveries were taken. Not partitioned: a delivery that comes again months later is still a duplicate.
-- The same key with other bytes is a delivery of its own, so the body's hash is part of the key.
create table delivery_ledger (
  tenant_id    text  not null,
  key_hash     bytea not null, -- first 16 bytes of SHA-256(source, 0, delivery key)
  body_hash    bytea not null, -- first 16 bytes of SHA-256(raw body)
  delivery_id  uuid  not null,
  primary key (tenant_id, key_hash, body_hash)
);

-- Raw deliveries, one partition a day: retention drops whole days.
create table deliveries (
  tenant_id        text        not null,
  id               uuid        not null,
  received_at      timestamptz not null, -- the time in `id`, so that an id alone finds its partition
  source           text        not null,
  kind             text        not null,
  key              text        not null,
  key_hash         bytea       not null,
  result           text        not null check (result in ('accepted', 'unmapped')),
  scheme           text        not null, -- how it proved itself; 'none' where unsigned ones are allowed
  secret           text        not null check (secret in ('active', 'next', 'none')),
  mapping_version  integer     not null,
  event_count      integer     not null, -- event ids follow from (id, 0 .. event_count-1)
  headers          json        not null, -- [[name, value], …], never a credential
  body             bytea       not null, -- as received, compressed as body_encoding says
  body_encoding    smallint    not null check (body_encoding in (0, 1)), -- 0 as it came, 1 zstd
  body_bytes       integer     not null, -- before compression
  primary key (tenant_id, received_at, id) -- one index for a tenant's newest and for one id, which carries its time
) partition by range (received_at);
alter table deliveries alter column body set storage external;
create table deliveries_default partition of deliveries default;

-- What was refused: a bounded sample, to find out why a source's deliveries do not come through.
create table rejected_samples (
  tenant_id    text        not null,
  id           uuid        primary key,
  received_at  timestamptz not null,
  source       text        not null,
  reason       text        not null,
  headers      json        not null,
  body_hash    bytea       not null,
  body_head    bytea       not null, -- the first bytes only
  body_bytes   bigint      not null
);
create index rejected_samples_newest on rejected_samples (tenant_id, received_at desc, id desc);

-- Normalized events: kept for good, the source of everything derived.
create table events (
  tenant_id    text        not null,
  id           uuid        primary key,
  delivery_id  uuid        not null,
  integration  text        not null,
  source       text        not null,
  type         text        not null,
  subject      text        not null,
  time         timestamptz not null,
  repo         text,
  service      text,
  environment  text,
  actor        text,
  traceparent  text,
  data         json        not null, -- json, not jsonb: written once, read whole, a third of the cost
  committed_by xid8        not null default pg_current_xact_id() -- orders the stream: rows below xmin are final
);
create index events_by_time on events (tenant_id, time desc, id desc);
create index events_by_subject on events (tenant_id, subject, time desc);
create index events_by_commit on events (committed_by, id);

-- What is committed and not yet acknowledged by the bus: one row per commit and tenant, deleted on acknowledgement.
create table outbox (
  tenant_id     text        not null,
  id            uuid        primary key default gen_random_uuid(),
  event_ids     uuid[]      not null,
  replay_id     uuid,       -- a replay's messages are their own
  again         smallint    not null default 0, -- sent again because the stream lost it: its message id gets a suffix
  created_at    timestamptz not null default now(),
  leased_until  timestamptz
);
create index outbox_oldest on outbox (created_at);

-- What each consumer has processed. Partitioned by the message's own time, which its id carries, so that the key
-- is unique across partitions; kept longer than the stream keeps messages.
create table consumer_marks (
  tenant_id   text        not null,
  consumer    text        not null,
  event_id    uuid        not null,
  replay_id   uuid        not null, -- the nil uuid: no replay
  message_at  timestamptz not null,
  primary key (consumer, event_id, replay_id, message_at)
) partition by range (message_at);
create table consumer_marks_default partition of consumer_marks default;

-- How often a message was tried: counted before the try, so that one that kills the process is counted too.
create table consumer_attempts (
  tenant_id   text        not null,
  consumer    text        not null,
  event_id    uuid        not null,
  replay_id   uuid        not null,
  attempts    integer     not null,
  last_error  text        not null,
  updated_at  timestamptz not null,
  primary key (consumer, event_id, replay_id)
);

create table dead_letters (
  tenant_id    text        not null,
  id           uuid        primary key,
  consumer     text        not null,
  event_id     uuid        not null,
  replay_id    uuid        not null,
  attempts     integer     not null,
  error        text        not null,
  created_at   timestamptz not null,
  replayed_at  timestamptz,
  unique (consumer, event_id, replay_id)
);
create index dead_letters_newest on dead_letters (tenant_id, created_at desc, id desc);

-- Work that a person asked for and the worker does step by step (a replay of a range, …).
create table jobs (
  tenant_id     text        not null,
  id            uuid        primary key,
  kind          text        not null,
  params        json        not null,
  status        text        not null check (status in ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  progress      json        not null default '{}',
  error         text,
  attempts      integer     not null default 0,
  created_at    timestamptz not null,
  started_at    timestamptz,
  finished_at   timestamptz,
  leased_until  timestamptz
);
create index jobs_open on jobs (created_at) where status in ('queued', 'running');
create index jobs_newest on jobs (tenant_id, created_at desc, id desc);

-- Answers given to requests with an Idempotency-Key.
create table idempotent_answers (
  tenant_id    text        not null,
  caller       text        not null,
  route        text        not null,
  key          text        not null,
  fingerprint  bytea       not null,
  status       smallint    not null,
  body         json        not null,
  created_at   timestamptz not null,
  primary key (tenant_id, caller, route, key)
);
create index idempotent_answers_oldest on idempotent_answers (created_at);

-- The streams as we last saw them: a new one, or one whose sequence went back, has lost messages.
-- Belongs to the installation, not to a tenant: tenant_id is always '*'.
create table stream_watermarks (
  tenant_id   text        not null default '*' check (tenant_id = '*'),
  stream      text        primary key,
  created_at  timestamptz not null,
  last_seq    bigint      not null,
  seen_at     timestamptz not null
);

-- Entities: each a function of the set of its events. `registers` holds, per field, the value with the revision and
-- tie-break that won; the columns beside it are read from it.
create table commits (
  tenant_id     text not null,
  repo          text not null,
  sha           text not null,
  authored_at   timestamptz,
  committed_at  timestamptz,
  author        text,
  is_bot        boolean,
  registers     json not null,
  primary key (tenant_id, repo, sha)
);

create table commit_edges (
  tenant_id   text not null,
  repo        text not null,
  sha         text not null,
  parent_sha  text not null,
  origin      text not null check (origin in ('payload', 'reflog')),
  primary key (tenant_id, repo, sha, parent_sha, origin)
);

create table ref_moves (
  tenant_id    text        not null,
  repo         text        not null,
  ref          text        not null,
  before_sha   text        not null,
  after_sha    text        not null,
  occurred_at  timestamptz not null,
  registers    json        not null,
  primary key (tenant_id, repo, ref, before_sha, after_sha)
);

create table changes (
  tenant_id        text not null,
  repo             text not null,
  number           text not null,
  title            text,
  author           text,
  is_bot           boolean,
  base             text,
  head             text,
  head_sha         text,
  landed_sha       text,
  opened_at        timestamptz,
  ready_at         timestamptz,
  first_commit_at  timestamptz,
  first_review_at  timestamptz,
  approved_at      timestamptz,
  merged_at        timestamptz,
  closed_at        timestamptz,
  registers        json not null,
  primary key (tenant_id, repo, number)
);
create index changes_by_merge on changes (tenant_id, merged_at);

create table deployments (
  tenant_id      text not null,
  integration    text not null,
  deployment_id  text not null, -- the source's own
  repo           text,
  service        text,
  environment    text,
  tier           text not null,
  outcome        text, -- rule D2: of the latest terminal status
  started_at     timestamptz,
  finished_at    timestamptz, -- rule D2: start of the trailing run of that outcome
  sha            text,
  registers      json not null,
  primary key (tenant_id, integration, deployment_id)
);
create index deployments_by_finish on deployments (tenant_id, finished_at) where outcome = 'success';

create table deployment_statuses (
  tenant_id      text        not null,
  integration    text        not null,
  deployment_id  text        not null,
  at             timestamptz not null,
  state          text        not null,
  outcome        text,
  tie            bytea       not null, -- first 16 bytes of the SHA-256 of the canonical event: breaks ties, never arrival
  primary key (tenant_id, integration, deployment_id, at, state, tie)
);

create table deployment_components (
  tenant_id      text not null,
  integration    text not null,
  deployment_id  text not null,
  repo           text not null,
  sha            text not null,
  registers      json not null,
  primary key (tenant_id, integration, deployment_id, repo, sha)
);

reset role;

-- Who may do what. `set role` happens when a connection is opened (crates/store/src/pool.rs).
grant select, insert, update, delete on all tables in schema public to em_app;
revoke all on __diesel_schema_migrations from em_app;
grant select on __diesel_schema_migrations to em_app;
grant select, insert on delivery_ledger, deliveries, events, outbox to em_ingest;
grant select on tenants to em_ingest;
grant select on events to em_relay;
grant select, insert, update, delete on outbox, stream_watermarks to em_relay;
grant select on consumer_marks to em_relay;
grant select on events, commits, commit_edges, ref_moves, changes, deployments, deployment_statuses, deployment_components to em_readonly;
