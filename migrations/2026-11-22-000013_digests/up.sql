-- Digests that were made, what people thought of them, and when more are to be made.

set local role em_owner;

-- Never changed: what was said stays what was said.
create table digests (
  tenant_id        text        not null,
  id               uuid        not null,
  kind             text        not null check (kind in ('standup', 'sprint_health', 'weekly', 'release', 'incident', 'postmortem', 'pull_request')),
  subject          text,                 -- what it is of; null: of everything
  from_at          timestamptz not null, -- inclusive
  to_at            timestamptz not null, -- exclusive
  digest           json        not null,
  links            json        not null, -- event id → the address of what it is about: never from a model
  events           integer     not null check (events >= 0), -- how many it was checked against
  generated_by     text        not null check (generated_by in ('model', 'rules')),
  why              text,                 -- why by rule
  model            text,
  prompt           text,                 -- name/version
  input_tokens     bigint      not null,
  output_tokens    bigint      not null,
  cost_micro_usd   bigint      not null,
  made_at          timestamptz not null,
  made_by          text        not null, -- who asked for it, or 'schedule'
  schedule_id      uuid,
  primary key (tenant_id, id)
);
create index digests_by_time on digests (tenant_id, made_at, id);

-- One word of one person about one digest: the last one counts.
create table digest_feedback (
  tenant_id  text        not null,
  digest_id  uuid        not null,
  said_by    text        not null,
  verdict    text        not null check (verdict in ('up', 'down')),
  comment    text,
  prompt     text,                 -- which prompt it judges; null: it was made by rule
  said_at    timestamptz not null,
  primary key (tenant_id, digest_id, said_by)
);
create index digest_feedback_by_prompt on digest_feedback (tenant_id, prompt, said_at);

create table digest_schedules (
  tenant_id   text        not null,
  id          uuid        not null,
  kind        text        not null,
  subject     text,
  cron        text        not null, -- five fields
  timezone    text        not null, -- IANA
  deliver     json        not null, -- {"slack": "#channel", "webhook": "https://…"}
  enabled     boolean     not null,
  next_at     timestamptz,          -- the next slot; null: it is not enabled
  created_at  timestamptz not null,
  created_by  text        not null,
  updated_at  timestamptz not null,
  primary key (tenant_id, id),
  check (enabled = (next_at is not null))
);
create index digest_schedules_due on digest_schedules (next_at) where next_at is not null;
create index digest_schedules_by_time on digest_schedules (tenant_id, created_at, id);

-- What became of each slot: one row, one digest, one delivery.
create table digest_runs (
  tenant_id     text        not null,
  schedule_id   uuid        not null,
  due_at        timestamptz not null, -- the slot
  id            uuid        not null, -- for lists
  state         text        not null check (state in ('running', 'done', 'failed', 'missed')),
  number        integer     not null check (number >= 0), -- of the last try: the fencing token
  leased_until  timestamptz,          -- null: nobody works on it
  digest_id     uuid,
  error         text,
  began_at      timestamptz not null,
  ended_at      timestamptz,
  primary key (tenant_id, schedule_id, due_at),
  check ((state = 'running') = (ended_at is null))
);
create index digest_runs_open on digest_runs (leased_until) where state = 'running';

reset role;

grant select, insert, update, delete on digests, digest_feedback, digest_schedules, digest_runs to em_app;
grant select on digests, digest_feedback to em_readonly;
