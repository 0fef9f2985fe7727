-- What is done in other systems: what is known of each effect, every try of a job, and deployments that wait for us.
-- Nothing of it follows from events.

set local role em_owner;

-- One effect: what one job does. That a try begins is written before it begins. Changed in crates/store/src/effects alone.
create table effects (
  tenant_id       text        not null,
  key             text        not null check (key ~ '^[0-9a-f]{32}$'),
  job_id          uuid        not null,
  kind            text        not null, -- of the action: comment, webhook, …
  state           text        not null check (state in ('tried', 'done', 'refused', 'unknown')),
  attempts        integer     not null, -- the number of the last try
  first_tried_at  timestamptz not null,
  last_tried_at   timestamptz not null,
  -- When the first and the last try began whose end nobody knows: the one that runs now, too.
  lost_since      timestamptz,
  lost_last       timestamptz,
  result          json        not null default '{}',
  primary key (tenant_id, key),
  check ((lost_since is null) = (lost_last is null))
);

create unique index effects_by_job on effects (tenant_id, job_id);

-- The log of a job: each try, and how it ended.
create table job_attempts (
  tenant_id  text        not null,
  job_id     uuid        not null,
  attempt    integer     not null,
  began_at   timestamptz not null,
  ended_at   timestamptz,
  outcome    text        check (outcome in ('done', 'found', 'planned', 'refused', 'wait', 'unreachable', 'unknown')),
  detail     text,
  primary key (tenant_id, job_id, attempt),
  check ((ended_at is null) = (outcome is null))
);

-- Deployments that GitHub holds back until we answer, each asked about once.
create table protections (
  tenant_id     text        not null,
  repo          text        not null, -- acme/shop
  run_id        bigint      not null,
  environment   text        not null,
  state         text        not null check (state in ('asked', 'waiting', 'over')),
  facts         json        not null, -- what GitHub said
  approval_id   uuid,
  shown         integer     not null default 0, -- statuses that were shown on GitHub, which takes ten
  shown_text    text,                           -- the last of them
  due_at        timestamptz not null,           -- when it is looked at next
  requested_at  timestamptz not null,
  primary key (tenant_id, repo, run_id, environment)
);
create index protections_due on protections (due_at) where state <> 'over';

alter table jobs
  add column due_at timestamptz,                 -- not before then; none: at once
  add column waits  integer not null default 0; -- tries that the other side put off: they do not count

alter table approvals add column effect_waits integer not null default 0; -- the same of the effect

reset role;

grant select, insert, update, delete on effects, job_attempts, protections to em_app;
