-- What dashboards, spreadsheets and people with SQL read: views whose names and columns stay as they are while the tables
-- behind them change. docs/DASHBOARDS.md describes each.
--
-- Rules: every view names its tenant; `deployment` and `incident` are 'integration:id'; times are UTC, durations seconds;
-- nothing reads the clock. A column may be added, at the end; none is renamed, retyped or dropped.

set local role em_owner;

create view dora_v_tenants as
select tenant_id as tenant, name from tenants;

-- Services that have deployed, found by hopping from one to the next in an index, not by reading every deployment.
create view dora_v_services as
select t.tenant_id as tenant, s.service, latest.team, latest.repo, latest.tier, latest.at as last_deployed_at
from tenants t
cross join lateral (
  with recursive hop as (
    select min(d.service) as service from dora_deployments d where d.tenant_id = t.tenant_id
    union all
    select (select min(d.service) from dora_deployments d where d.tenant_id = t.tenant_id and d.service > hop.service)
    from hop where hop.service is not null
  )
  select service from hop where service is not null
) s
cross join lateral (
  select d.team, d.repo, d.tier, d.at from dora_deployments d
  where d.tenant_id = t.tenant_id and d.service = s.service order by d.at desc limit 1
) latest;

create view dora_v_teams as
select distinct tenant, team from dora_v_services where team is not null;

-- Which repositories' changes a service has shipped, and to which environments.
create view dora_v_repos as
select t.tenant_id as tenant, r.service, r.environment, r.repo
from tenants t
cross join lateral (
  with recursive hop as (
    (select c.service, c.environment, c.repo
     from dora_changes c where c.tenant_id = t.tenant_id order by c.service, c.environment, c.repo limit 1)
    union all
    select n.service, n.environment, n.repo
    from hop cross join lateral (
      select c.service, c.environment, c.repo from dora_changes c
      where c.tenant_id = t.tenant_id and (c.service, c.environment, c.repo) > (hop.service, hop.environment, hop.repo)
      order by c.service, c.environment, c.repo limit 1
    ) n
  )
  select service, environment, repo from hop
) r;

-- Deployments that ended. Those that count are outcome = 'success'.
create view dora_v_deployments as
select d.tenant_id as tenant, d.service, d.team, d.repo, d.environment, d.tier, d.at, d.started_at, d.outcome, d.kind,
       d.failed, d.rework, d.changes, d.sha, d.integration, d.deployment_id, d.integration || ':' || d.deployment_id as deployment,
       d.predecessor, d.target as rollback_target, d.ancestry_gap, d.heads, d.provisional_until,
       e.title, e.url
from dora_deployments d
left join deployments e on e.tenant_id = d.tenant_id and e.integration = d.integration and e.deployment_id = d.deployment_id;

-- Changes that were shipped, once per service and environment.
create view dora_v_changes as
select c.tenant_id as tenant, c.service, c.team, c.repo, c.environment, c.tier, c.at, c.number, c.kind, c.lead_s,
       c.coding_s, c.pickup_s, c.review_s, c.merge_s, c.deploy_s, c.start_at, c.first_commit_at, c.opened_at,
       c.first_review_at, c.approved_at, c.merged_at, c.is_bot, c.is_revert, c.is_hotfix, c.link_method, c.files_known,
       c.integration, c.deployment_id, c.integration || ':' || c.deployment_id as deployment, e.title, e.author, e.url
from dora_changes c
left join changes e on e.tenant_id = c.tenant_id and e.repo = c.repo and e.number = c.number;

-- Commits that were shipped and count for lead time: no merges, and only what concerns the service.
create view dora_v_commits as
select c.tenant_id as tenant, c.service, c.team, c.repo, c.environment, c.tier, c.at, c.sha, c.lead_s, c.is_bot,
       c.integration, c.deployment_id, c.integration || ':' || c.deployment_id as deployment
from dora_commits c
where c.shipped and c.in_scope and not c.is_merge;

-- Lead times of either unit, for a choice between them. A rollback ships nothing, whatever its source says.
create view dora_v_lead_times as
select c.tenant_id as tenant, 'change'::text as unit, c.service, c.team, c.repo, c.environment, c.tier, c.at, c.lead_s, c.is_bot
from dora_changes c
where not exists (select from dora_deployments b where b.tenant_id = c.tenant_id and b.integration = c.integration
  and b.deployment_id = c.deployment_id and b.kind = 'rollback' and b.changes > 0)
union all
select c.tenant_id as tenant, 'commit'::text as unit, c.service, c.team, c.repo, c.environment, c.tier, c.at, c.lead_s, c.is_bot
from dora_commits c
where c.shipped and c.in_scope and not c.is_merge and c.lead_s is not null
  and not exists (select from dora_deployments b where b.tenant_id = c.tenant_id and b.integration = c.integration
  and b.deployment_id = c.deployment_id and b.kind = 'rollback' and b.changes > 0);

-- Deployments that failed and how they recovered.
create view dora_v_failures as
select f.tenant_id as tenant, f.service, f.team, d.repo, f.environment, f.tier, f.failed_at, f.impact_at, f.recovered_at,
       f.rt_s as recovery_s, f.rt_impact_s as recovery_from_impact_s, f.methods, f.integration, f.deployment_id,
       f.integration || ':' || f.deployment_id as deployment
from dora_failures f
left join dora_deployments d
  on d.tenant_id = f.tenant_id and d.integration = f.integration and d.deployment_id = f.deployment_id;

create view dora_v_incidents as
select i.tenant_id as tenant, i.service, i.team, i.environment, i.tier, i.severity, i.start_at, i.resolved_at, i.restore_s,
       i.qualifies, i.attributed, i.integration, i.incident_id, i.integration || ':' || i.incident_id as incident,
       e.title, e.url, e.change_related
from dora_incidents i
left join incidents e on e.tenant_id = i.tenant_id and e.integration = i.integration and e.incident_id = i.incident_id;

-- Which deployment an incident came from, and how that is known.
create view dora_v_links as
select l.tenant_id as tenant, l.integration || ':' || l.incident_id as incident, l.integration as incident_integration,
       l.incident_id, l.deployment_integration as integration, l.deployment_id,
       l.deployment_integration || ':' || l.deployment_id as deployment, l.method
from dora_links l;

-- Which deployment was mended by which, and how that is known.
create view dora_v_remediations as
select r.tenant_id as tenant, r.service, r.at, r.method, r.integration, r.deployment_id,
       r.integration || ':' || r.deployment_id as deployment, r.culprit_integration, r.culprit_id,
       r.culprit_integration || ':' || r.culprit_id as culprit
from dora_remediations r;

create view dora_v_benchmarks as
select tenant_id as tenant, scheme, metric, elite, high, medium, unit, official from dora_benchmarks;

-- Roll-ups of a whole tenant, for long ranges.
create view dora_v_slots as
select tenant_id as tenant, tier, slot, deployments, redeploys, rollbacks, hotfixes, failed, rework, failed_attempts from dora_slots;

create view dora_v_lead_days as
select l.tenant_id as tenant, l.tier, l.day, l.unit, l.is_bot, b.bucket, b.count
from dora_lead_days l cross join lateral unnest(l.buckets, l.counts) as b (bucket, count);

-- How many lead times a day has.
create view dora_v_lead_counts as
select tenant_id as tenant, tier, day, unit, is_bot, n from dora_lead_days;

-- Up to so many lead times in a range are read one by one; more of a whole tenant are read from its roll-ups.
create function dora_v_exact_limit() returns bigint language sql immutable parallel safe as 'select 100000::bigint';
create function dora_v_is_many(tenant text, tier text, since timestamptz, until timestamptz) returns boolean
language sql stable parallel safe as $$
  select coalesce(sum(c.n), 0) > dora_v_exact_limit() from dora_v_lead_counts c
  where c.tenant = $1 and c.tier = $2 and c.unit = 'change'
    and c.day >= ($3 at time zone 'UTC')::date and c.day <= ($4 at time zone 'UTC')::date
$$;

-- Changes that are neither merged nor closed.
create view dora_v_open_changes as
select tenant_id as tenant, repo, number, title, author, coalesce(is_bot, false) as is_bot, coalesce(draft, false) as draft,
       opened_at, first_review_at, approved_at, url
from changes where merged_at is null and closed_at is null;

create view dora_v_quality_reports as
select tenant_id as tenant, at, integration, project, coverage_pct, passed from quality_reports;

create view dora_v_catalogs as
select tenant_id as tenant, version, applied_at, applied_by from catalogs;

-- What is not reckoned yet. No row: everything is.
create view dora_v_unsettled as
select tenant_id as tenant, count(*) as waiting, min(created_at) as oldest_at from dora_dirty group by tenant_id;

-- Why a fact is as it is: each change of it with the events that caused it.
create view dora_v_audit as
select tenant_id as tenant, id, at, fact, key, before, after, causes from dora_audit;

-- elite, high, medium, low; unknown where there is no value; none where the scheme has no such metric.
create function dora_v_band(scheme text, metric text, value double precision) returns text
language sql stable parallel safe as $$
  select case when $3 is null then 'unknown' else coalesce((
    select case
      when case b.unit when 'per_day' then $3 > b.elite when 'seconds' then $3 < b.elite else $3 <= b.elite end then 'elite'
      when case b.unit when 'per_day' then $3 > b.high when 'seconds' then $3 < b.high else $3 <= b.high end then 'high'
      when case b.unit when 'per_day' then $3 > b.medium when 'seconds' then $3 < b.medium else $3 <= b.medium end then 'medium'
      else 'low' end
    from dora_v_benchmarks b where b.scheme = $1 and b.metric = $2), 'none') end
$$;

-- From 0 to 10 as DORA's Quick Check reckons: levels of words for frequencies and durations, percentages turned round.
create function dora_v_score(metric text, value double precision) returns double precision
language sql immutable parallel safe as $$
  select case
    when $2 is null then null
    when $1 in ('change_failure_rate', 'rework_rate') then 10 - $2 * 10
    when $1 = 'deployment_frequency' then 2.0 * (case when $2 >= 2 then 5 when $2 >= 1 then 4 when $2 >= 1 / 7.0 then 3 when $2 >= 1 / 30.0 then 2
      when $2 >= 1 / 182.625 then 1 else 0 end)
    else 2.0 * (case when $2 < 3600 then 5 when $2 < 86400 then 4 when $2 < 604800 then 3 when $2 < 2592000 then 2
      when $2 < 182.625 * 86400 then 1 else 0 end) end
$$;

reset role;

-- Whoever only reads, reads views: the tables behind them may change.
revoke select on branch_commits, deployment_contents, deployment_images, artifacts, incidents, incident_links, quality_reports,
  catalogs, dora_deployments, dora_commits, dora_changes, dora_remediations, dora_incidents, dora_links, dora_failures,
  dora_dirty, dora_audit, dora_slots, dora_lead_days, dora_rollup_dirty, dora_benchmarks from em_readonly;
grant select on dora_v_tenants, dora_v_services, dora_v_teams, dora_v_repos, dora_v_deployments, dora_v_changes, dora_v_commits,
  dora_v_lead_times, dora_v_failures, dora_v_incidents, dora_v_links, dora_v_remediations, dora_v_benchmarks, dora_v_slots,
  dora_v_lead_days, dora_v_lead_counts, dora_v_open_changes, dora_v_quality_reports, dora_v_catalogs, dora_v_unsettled, dora_v_audit
  to em_readonly, em_app;
