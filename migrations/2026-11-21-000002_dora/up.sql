-- DORA: what more is known of entities, the catalog, and the facts that the metrics are counted from.
--
-- Entities are functions of the set of events, facts are functions of entities and the catalog: all of it can be made
-- again. Facts are written by the engine alone (crates/domain/src/dora/engine, crates/store/src/facts).

set local role em_owner;

-- Entities ---------------------------------------------------------------------------------------------------------

alter table commits
  add column message_head  text,
  add column is_merge      boolean,
  add column picked_from   text,    -- "(cherry picked from commit …)"
  add column reverts       text,    -- the commit that it takes back
  add column files         text[];
create index commits_by_pick on commits (tenant_id, repo, picked_from) where picked_from is not null;

-- Which branch a commit was seen on first, by pushes that list it.
create table branch_commits (
  tenant_id   text        not null,
  repo        text        not null,
  branch      text        not null,
  sha         text        not null,
  seen_at     timestamptz not null, -- the earliest push that lists it
  push_after  text        not null, -- where that push moved the branch to
  is_default  boolean     not null, -- the source says that it is the repository's default branch
  registers   json        not null,
  primary key (tenant_id, repo, branch, sha)
);
create index branch_commits_by_sha on branch_commits (tenant_id, repo, sha);
create index branch_commits_by_push on branch_commits (tenant_id, repo, push_after) where is_default;

alter table changes
  add column labels         text[],
  add column merge_method   text,
  add column reverts        text,    -- '#<number>', a number or id, or a SHA
  add column draft          boolean,
  add column additions      bigint,
  add column deletions      bigint,
  add column files_changed  bigint,
  add column ticket_keys    text[],
  add column url            text,
  add column subject        text;    -- of its events
create index changes_by_landing on changes (tenant_id, repo, landed_sha) where landed_sha is not null;
create index changes_by_head on changes (tenant_id, repo, head, merged_at);
create index changes_by_title on changes (tenant_id, repo, md5(title)) where merged_at is not null;
create index changes_open on changes (tenant_id, opened_at) where merged_at is null and closed_at is null;

alter table deployments
  add column explicit_kind    text,
  add column unplanned        boolean,
  add column fixes            text[],
  add column title            text,
  add column url              text,
  add column subject          text,
  -- By the catalog: who it is counted for. Null: nobody (a rule leaves it out, or nothing names a service).
  add column counted_service  text,
  add column counted_tier     text;
create index deployments_by_counted on deployments (tenant_id, counted_service, finished_at);

-- Commits that a source itself says a deployment ships.
create table deployment_contents (
  tenant_id      text not null,
  integration    text not null,
  deployment_id  text not null,
  repo           text not null,
  sha            text not null,
  primary key (tenant_id, integration, deployment_id, repo, sha)
);

alter table deployment_components
  add column ref           text,
  add column image_digest  text,
  add column finished_at   timestamptz;
create index deployment_components_by_sha on deployment_components (tenant_id, repo, sha);

-- Components that are named by an image only.
create table deployment_images (
  tenant_id      text not null,
  integration    text not null,
  deployment_id  text not null,
  image_digest   text not null,
  finished_at    timestamptz,
  registers      json not null,
  primary key (tenant_id, integration, deployment_id, image_digest)
);
create index deployment_images_by_digest on deployment_images (tenant_id, image_digest);

create table artifacts (
  tenant_id  text not null,
  digest     text not null,
  repo       text,
  sha        text,
  registers  json not null,
  primary key (tenant_id, digest)
);

create table incidents (
  tenant_id          text not null,
  integration        text not null,
  incident_id        text not null,
  title              text,
  service            text,
  repo               text,
  environment        text,
  tier               text,
  severity           text,
  labels             text[],
  opened_at          timestamptz,
  started_at         timestamptz,
  acked_at           timestamptz,
  resolved_at        timestamptz,
  change_related     boolean,
  caused_deployment  text,
  caused_sha         text,
  deleted            boolean,
  url                text,
  subject            text,
  counted_service    text,        -- by the catalog
  registers          json not null,
  primary key (tenant_id, integration, incident_id)
);
create index incidents_by_counted on incidents (tenant_id, counted_service, (coalesce(started_at, opened_at)));
create index incidents_by_id on incidents (tenant_id, incident_id);
create index incidents_by_cause on incidents (tenant_id, caused_deployment) where caused_deployment is not null;
create index incidents_by_commit on incidents (tenant_id, caused_sha) where caused_sha is not null;

-- What people said: this incident came from that deployment, or it did not.
create table incident_links (
  tenant_id      text        not null,
  incident       text        not null, -- as it was named: 'pagerduty:Q2X' or the id alone
  deployment     text        not null, -- as it was named: 'github:1234' or the id alone
  removed        boolean     not null,
  said_at        timestamptz not null,
  actor          text,
  registers      json        not null,
  primary key (tenant_id, incident, deployment)
);
create index incident_links_by_deployment on incident_links (tenant_id, deployment);

-- Coverage and quality gates as they were reported.
create table quality_reports (
  tenant_id     text        not null,
  event_id      uuid        primary key,
  at            timestamptz not null,
  integration   text        not null,
  project       text        not null,
  coverage_pct  double precision,
  passed        boolean
);
create index quality_reports_by_time on quality_reports (tenant_id, at);

-- The catalog: services, teams, environments, rules, as one document with versions. The highest version is in force.
create table catalogs (
  tenant_id   text        not null,
  version     bigint      not null,
  document    json        not null,
  applied_at  timestamptz not null,
  applied_by  text        not null,
  primary key (tenant_id, version)
);

-- Facts ------------------------------------------------------------------------------------------------------------

-- Deployments that ended. `kind` is null unless the outcome is success.
create table dora_deployments (
  tenant_id          text        not null,
  integration        text        not null,
  deployment_id      text        not null,
  service            text        not null,
  team               text,                 -- the service's owner when it finished (rule T1)
  repo               text,
  environment        text        not null,
  tier               text        not null,
  outcome            text        not null,
  started_at         timestamptz,
  at                 timestamptz not null, -- finished
  sha                text,
  heads              text        not null, -- what it deploys: 'repo@sha' of each component, sorted, one a line; '' unknown
  kind               text check (kind in ('forward', 'redeploy', 'rollback', 'hotfix')),
  target             text,                 -- of a rollback: 'integration:id' of the deployment it went back to, if seen
  predecessor        text,                 -- 'integration:id' of the success before it
  changes            integer     not null, -- how many changes it ships
  rework             boolean     not null, -- rule I7
  failed             boolean     not null, -- rule I5
  ancestry_gap       boolean     not null, -- rule L4
  provisional_until  timestamptz not null, -- until then an incident may still be attributed to it
  primary key (tenant_id, integration, deployment_id)
);
create index dora_deployments_by_tier on dora_deployments (tenant_id, tier, at)
  include (service, team, environment, repo, outcome, kind, failed, rework, provisional_until);
create index dora_deployments_by_service on dora_deployments (tenant_id, service, at)
  include (tier, environment, outcome, kind, failed, rework);
create index dora_deployments_by_heads on dora_deployments (tenant_id, service, environment, md5(heads), at) where outcome = 'success';

create index dora_deployments_by_id on dora_deployments (tenant_id, deployment_id); -- people name it without its source

-- Which deployment first contained a commit, per service and environment. `shipped` false: it was live before (baseline,
-- rule L3), or a gap hides whether it is new (rule L4): no lead time, but later deployments do not ship it either.
create table dora_commits (
  tenant_id      text        not null,
  service        text        not null,
  environment    text        not null,
  repo           text        not null,
  sha            text        not null,
  integration    text        not null,
  deployment_id  text        not null,
  at             timestamptz not null, -- the component's finish, else the deployment's
  deployed_at    timestamptz not null, -- the deployment's finish: the order of deployments
  tier           text        not null,
  team           text,
  shipped        boolean     not null,
  in_scope       boolean     not null, -- by the service's path globs
  lead_s         double precision,     -- null: no commit time known
  is_merge       boolean     not null,
  is_bot         boolean     not null,
  primary key (tenant_id, service, environment, repo, sha)
);
create index dora_commits_by_sha on dora_commits (tenant_id, sha, repo); -- incidents name commits without their repository
create index dora_commits_by_time on dora_commits (tenant_id, service, deployed_at);
create index dora_commits_by_tier on dora_commits (tenant_id, tier, at) include (service, team, repo, lead_s, is_bot)
  where shipped and in_scope and not is_merge and lead_s >= 0;

create table dora_changes (
  tenant_id      text        not null,
  service        text        not null,
  environment    text        not null,
  repo           text        not null,
  number         text        not null, -- of a direct push: the commit's SHA
  integration    text        not null, -- of the deployment
  deployment_id  text        not null,
  tier           text        not null,
  team           text,
  kind           text        not null check (kind in ('change', 'direct')),
  at             timestamptz not null, -- the component's finish, else the deployment's
  deployed_at    timestamptz not null,
  start_at       timestamptz not null, -- rule L5
  first_commit_at timestamptz,
  opened_at      timestamptz,
  first_review_at timestamptz,
  approved_at    timestamptz,
  merged_at      timestamptz,
  lead_s         double precision not null, -- may be negative: then it is told, not counted (rule M2)
  coding_s       double precision,
  pickup_s       double precision,
  review_s       double precision,
  merge_s        double precision,
  deploy_s       double precision,
  is_bot         boolean     not null,
  is_revert      boolean     not null,
  is_hotfix      boolean     not null,
  link_method    text        not null check (link_method in ('graph', 'exact', 'cherry_pick', 'contains', 'image', 'promotion', 'time')),
  files_known    boolean     not null,
  primary key (tenant_id, service, environment, repo, number)
);
create index dora_changes_by_tier on dora_changes (tenant_id, tier, at)
  include (service, team, repo, environment, lead_s, coding_s, pickup_s, review_s, merge_s, deploy_s, is_bot);
create index dora_changes_by_service on dora_changes (tenant_id, service, at)
  include (tier, repo, environment, lead_s, coding_s, pickup_s, review_s, merge_s, deploy_s, is_bot);
create index dora_changes_by_number on dora_changes (tenant_id, repo, number);
create index dora_changes_by_deployment on dora_changes (tenant_id, integration, deployment_id);
create index dora_changes_by_deployed on dora_changes (tenant_id, service, deployed_at);

-- What a deployment mends: which earlier deployment its rollback, revert, hotfix or `fixes` says was broken (rule I4).
create table dora_remediations (
  tenant_id            text        not null,
  service              text        not null,
  integration          text        not null,
  deployment_id        text        not null,
  culprit_integration  text        not null,
  culprit_id           text        not null,
  method               text        not null check (method in ('rollback', 'revert', 'hotfix', 'fixes')),
  at                   timestamptz not null, -- the remedy's finish
  primary key (tenant_id, integration, deployment_id, culprit_integration, culprit_id, method)
);
create index dora_remediations_by_culprit on dora_remediations (tenant_id, culprit_integration, culprit_id);
create index dora_remediations_by_time on dora_remediations (tenant_id, service, at);

-- Incidents as they are counted. An incident may be linked to several deployments by hand, to one by rule, or to none.
create table dora_incidents (
  tenant_id     text        not null,
  integration   text        not null,
  incident_id   text        not null,
  service       text,
  team          text,
  environment   text,
  tier          text        not null,
  severity      text,
  start_at      timestamptz not null,
  resolved_at   timestamptz,          -- null: open, also when it is said to end before it began
  restore_s     double precision,     -- resolved - start
  qualifies     boolean     not null, -- by the service's severities
  attributed    boolean     not null,
  primary key (tenant_id, integration, incident_id)
);
create index dora_incidents_by_start on dora_incidents (tenant_id, start_at);
create index dora_incidents_by_resolved on dora_incidents (tenant_id, tier, resolved_at) include (service, team, restore_s, qualifies);
create index dora_incidents_by_service on dora_incidents (tenant_id, service, start_at);

create table dora_links (
  tenant_id      text        not null,
  integration    text        not null, -- of the incident
  incident_id    text        not null,
  deployment_integration text not null,
  deployment_id  text        not null,
  method         text        not null check (method in ('explicit', 'caused_by', 'window')),
  primary key (tenant_id, integration, incident_id, deployment_integration, deployment_id)
);
create index dora_links_by_deployment on dora_links (tenant_id, deployment_integration, deployment_id);

-- Deployments that failed, with how they recovered.
create table dora_failures (
  tenant_id      text        not null,
  integration    text        not null,
  deployment_id  text        not null,
  service        text        not null,
  team           text,
  environment    text        not null,
  tier           text        not null,
  failed_at      timestamptz not null, -- the deployment's finish
  impact_at      timestamptz,          -- the first linked incident's start
  recovered_at   timestamptz,          -- null: still open
  rt_s           double precision,     -- recovered - failed, never negative
  rt_impact_s    double precision,     -- recovered - impact
  methods        text[]      not null, -- how it is known, sorted: explicit, caused_by, window, rollback, revert, hotfix, fixes
  primary key (tenant_id, integration, deployment_id)
);
create index dora_failures_by_recovery on dora_failures (tenant_id, tier, recovered_at) include (service, team, environment, rt_s, rt_impact_s);
create index dora_failures_by_service on dora_failures (tenant_id, service, failed_at);

-- Which services have to be reckoned anew, and from when. Only ever added to; deleted by whoever has done it.
-- -infinity: all of it.
create table dora_dirty (
  tenant_id       text        not null,
  id              bigint      generated always as identity primary key,
  service         text        not null,
  contents_from   timestamptz, -- deployments that finished at or after it
  incidents_from  timestamptz, -- incidents that began at or after it
  cause           uuid,        -- the event; null: the catalog, a rebuild
  created_at      timestamptz not null
);
create index dora_dirty_by_service on dora_dirty (tenant_id, service, id);

-- Every change of a fact: before, after and the events that caused it.
create table dora_audit (
  tenant_id  text        not null,
  id         bigint      generated always as identity,
  at         timestamptz not null,
  fact       text        not null, -- deployment, change, failure, incident, link, remediation
  key        text        not null,
  before     json,
  after      json,
  causes     uuid[]      not null,
  primary key (tenant_id, id)
);
create index dora_audit_by_fact on dora_audit (tenant_id, fact, key, id);

-- Roll-ups for long ranges of a whole tenant: counts by quarter of an hour (exact in every real time zone) and lead
-- times by day in logarithmic buckets. Made of the facts alone, by whoever takes `dora_rollup_dirty`.
create table dora_slots (
  tenant_id        text        not null,
  tier             text        not null,
  slot             timestamptz not null, -- the quarter of an hour in which the deployments finished
  deployments      integer     not null, -- successes
  redeploys        integer     not null,
  rollbacks        integer     not null,
  hotfixes         integer     not null,
  failed           integer     not null,
  rework           integer     not null,
  failed_attempts  integer     not null, -- ended in anything but success
  primary key (tenant_id, tier, slot)
);
create table dora_lead_days (
  tenant_id  text        not null,
  tier       text        not null,
  day        date        not null, -- UTC
  unit       text        not null check (unit in ('change', 'commit')),
  is_bot     boolean     not null,
  buckets    smallint[]  not null, -- bucket b holds lead times of 1.02^b up to 1.02^(b+1) seconds; -1: below one second
  counts     integer[]   not null,
  n          integer     not null, -- all of them
  primary key (tenant_id, tier, day, unit, is_bot)
);
create table dora_rollup_dirty (
  tenant_id  text        not null,
  id         bigint      generated always as identity primary key,
  tier       text        not null,
  slot       timestamptz not null
);

-- What counts as elite, high and medium. Below all of them is low.
create table dora_benchmarks (
  tenant_id text not null default '*' check (tenant_id = '*'), -- the same for everybody
  scheme    text not null,
  metric    text not null check (metric in ('deployment_frequency', 'lead_time', 'change_failure_rate', 'recovery_time', 'rework_rate')),
  elite     double precision not null,
  high      double precision not null,
  medium    double precision not null,
  unit      text not null, -- per_day (more is better), seconds or ratio (less is better)
  official  boolean not null,
  primary key (scheme, metric)
);
insert into dora_benchmarks (scheme, metric, elite, high, medium, unit, official)
select scheme, metric, elite, high, medium, unit, official
from (values ('2024m', 0.05, 0.10, 0.20), ('2023', 0.05, 0.10, 0.15), ('2021', 0.15, 0.20, 0.30)) as s (scheme, a, b, c)
cross join lateral (values
  ('deployment_frequency', 1.0, 1.0 / 7.0, 1.0 / 30.0, 'per_day', true),
  ('lead_time', 86400.0, 604800.0, 2592000.0, 'seconds', true),
  ('recovery_time', 3600.0, 86400.0, 604800.0, 'seconds', true),
  ('change_failure_rate', s.a, s.b, s.c, 'ratio', true),
  ('rework_rate', s.a, s.b, s.c, 'ratio', false)
) as m (metric, elite, high, medium, unit, official);

reset role;

grant select, insert, update, delete on branch_commits, deployment_contents, deployment_images, artifacts, incidents, incident_links,
  quality_reports, catalogs, dora_deployments, dora_commits, dora_changes, dora_remediations, dora_incidents, dora_links,
  dora_failures, dora_dirty, dora_audit, dora_slots, dora_lead_days, dora_rollup_dirty to em_app;
grant select on dora_benchmarks to em_app;
grant select on branch_commits, deployment_contents, deployment_images, artifacts, incidents, incident_links, quality_reports,
  catalogs, dora_deployments, dora_commits, dora_changes, dora_remediations, dora_incidents, dora_links, dora_failures,
  dora_dirty, dora_audit, dora_slots, dora_lead_days, dora_rollup_dirty, dora_benchmarks to em_readonly;
