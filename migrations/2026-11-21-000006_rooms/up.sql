-- Rooms: what people keep beside what tools tell. Which incidents are one, projects, onboarding, objectives.
--
-- None of it follows from events: it is kept as it was said. What people say about one incident (opened, severity, notes,
-- closed) is an event of the integration em-agent and stands in `events` and `incidents`, as any tool's.

set local role em_owner;

-- Lists of incidents walk by their beginning, as far as it is known.
create index incidents_by_begin on incidents (tenant_id, (coalesce(started_at, opened_at, acked_at, resolved_at, timestamptz 'epoch')));

-- Several tools tell of one incident: the timeline of `into` shows this one's too. Nothing is merged into what is merged
-- itself. The metrics count each as before.
create table incident_merges (
  tenant_id         text        not null,
  integration       text        not null,
  incident_id       text        not null,
  into_integration  text        not null,
  into_id           text        not null,
  said_at           timestamptz not null,
  said_by           text        not null,
  primary key (tenant_id, integration, incident_id)
);
create index incident_merges_by_into on incident_merges (tenant_id, into_integration, into_id);

create table projects (
  tenant_id   text        not null,
  id          uuid        not null,
  key         text        not null check (length(key) between 1 and 64),
  name        text        not null check (length(name) between 1 and 255),
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  deleted_at  timestamptz, -- gone for everybody; its key is free again
  primary key (tenant_id, id)
);
create unique index projects_by_key on projects (tenant_id, key) where deleted_at is null;
create index projects_by_time on projects (tenant_id, created_at, id) where deleted_at is null;

create table onboarding_plans (
  tenant_id     text        not null,
  id            uuid        not null,
  title         text        not null,
  created_at    timestamptz not null,
  completed_at  timestamptz, -- when its last task was done; null: open, or without tasks
  primary key (tenant_id, id)
);
create index onboarding_plans_by_time on onboarding_plans (tenant_id, created_at, id);

create table onboarding_tasks (
  tenant_id   text        not null,
  id          uuid        not null,
  plan_id     uuid        not null,
  title       text        not null,
  assignee    text,
  due_date    date,
  created_at  timestamptz not null,
  done_at     timestamptz,
  primary key (tenant_id, id),
  foreign key (tenant_id, plan_id) references onboarding_plans (tenant_id, id)
);
create index onboarding_tasks_by_plan on onboarding_tasks (tenant_id, plan_id, created_at, id);

create table objectives (
  tenant_id   text        not null,
  id          uuid        not null,
  title       text        not null,
  owner       text,
  period      text,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  deleted_at  timestamptz,
  primary key (tenant_id, id)
);
create index objectives_by_time on objectives (tenant_id, created_at, id) where deleted_at is null;

-- A key result holds the number that people tell, or follows a metric: then its number is measured when it is asked for.
create table key_results (
  tenant_id     text        not null,
  id            uuid        not null,
  objective_id  uuid        not null,
  title         text        not null,
  baseline      double precision, -- where it began
  target        double precision,
  current       double precision, -- as people told it last; null while it follows a metric
  unit          text,
  direction     text        not null check (direction in ('up', 'down')), -- up: more is better
  metric        text check (metric in ('deployment_frequency', 'lead_time', 'change_failure_rate', 'recovery_time', 'rework_rate', 'restore_time')),
  service       text,        -- whose metric; null: everybody's
  team          text,
  percentile    smallint check (percentile between 1 and 99),
  window_days   integer check (window_days between 1 and 3650),
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  primary key (tenant_id, id),
  foreign key (tenant_id, objective_id) references objectives (tenant_id, id),
  check (metric is null or (current is null and percentile is not null and window_days is not null))
);
create index key_results_by_objective on key_results (tenant_id, objective_id, created_at, id);

reset role;

grant select, insert, update, delete on incident_merges, projects, onboarding_plans, onboarding_tasks, objectives, key_results to em_app;
grant select on incident_merges, projects, onboarding_plans, onboarding_tasks, objectives, key_results to em_readonly;
