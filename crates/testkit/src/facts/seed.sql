-- Facts as the engine would leave them, and the entities that panels name beside them: a history that looks like one, the
-- same for the same sizes. The words after colons are filled in by facts.rs.

-- Chance that is the same everywhere: Postgres' own generator changes between versions.
create function pg_temp.chance(word text, number bigint) returns double precision language sql immutable as $$
  select ('x' || substr(md5(word || number), 1, 8))::bit(32)::bigint / 4294967296.0::double precision
$$;
-- Around one, twice as much or half as often as not, now and then ten times.
create function pg_temp.spread(word text, number bigint) returns double precision language sql immutable as $$
  select exp(1.6 * (pg_temp.chance(word || 'a', number) + pg_temp.chance(word || 'b', number) + pg_temp.chance(word || 'c', number) - 1.5))
$$;

create temp table seeded on commit drop as
select n, format('service-%s', lpad((s.place % :services)::text, 3, '0')) as service,
       format('acme/service-%s', lpad((s.place % :services)::text, 3, '0')) as repo,
       format('team-%s', lpad((s.place % :services % greatest(:services / 5, 1))::text, 2, '0')) as team,
       case when pg_temp.chance('environment', n) < 0.85 then 'production' else 'staging' end as tier,
       ':until'::timestamptz - interval '1 day' * :days * ((:deployments - n + pg_temp.chance('moment', n)) / :deployments) as at,
       case when pg_temp.chance('outcome', n) < 0.94 then 'success' else 'failure' end as outcome,
       pg_temp.chance('kind', n) as of_kind, pg_temp.chance('failed', n) as of_failed,
       md5('deployment' || n) as sha, floor(8 * pg_temp.chance('changes', n))::int as changes
from generate_series(1, :deployments) n
cross join lateral (select floor(:services * pg_temp.chance('service', n))::int as place) s;

create temp table deployed on commit drop as
select *, case when outcome = 'success' then
           case when of_kind < 0.04 then 'rollback' when of_kind < 0.08 then 'redeploy' when of_kind < 0.10 then 'hotfix' else 'forward' end
         end as kind
from seeded;
alter table deployed add column failed boolean, add column predecessor bigint;
update deployed set failed = outcome = 'success' and kind <> 'rollback' and of_failed < 0.1,
                    changes = case when outcome = 'success' and kind in ('forward', 'hotfix') then changes else 0 end;
update deployed d set predecessor = p.before
from (select n, lag(n) over (partition by service, tier order by at, n) as before from deployed where outcome = 'success') p
where p.n = d.n;

insert into deployments (tenant_id, integration, deployment_id, repo, service, environment, tier, outcome, started_at, finished_at, sha, registers,
                         url, subject, counted_service, counted_tier)
select ':tenant', 'github', n::text, repo, service, tier, tier, outcome, at - interval '4 minutes', at, sha, '{}',
       format('https://github.example/%s/deployments/%s', repo, n), format('%s/deployments/%s', repo, n), service, tier
from deployed;
insert into dora_deployments (tenant_id, integration, deployment_id, service, team, repo, environment, tier, outcome, started_at, at, sha, heads,
                              kind, target, predecessor, changes, rework, failed, ancestry_gap, provisional_until)
select ':tenant', 'github', n::text, service, team, repo, tier, tier, outcome, at - interval '4 minutes', at, sha, repo || '@' || sha, kind,
       case when kind = 'rollback' then 'github:' || predecessor end, 'github:' || predecessor, changes,
       outcome = 'success' and (kind in ('rollback', 'hotfix') or of_kind > 0.98), failed, of_kind between 0.5 and 0.51, at + interval '1 day'
from deployed;

create temp table shipped on commit drop as
select d.*, row_number() over (order by d.n, c.place) as change, c.place
from deployed d cross join lateral generate_series(1, d.changes) c (place);
create temp table timed on commit drop as
select *, (case when pg_temp.chance('negative', change) < 0.002 then -600 else 1 end * 60000 * pg_temp.spread('lead', change)) as lead_s,
       pg_temp.chance('bot', change) < 0.15 as is_bot
from shipped;

insert into changes (tenant_id, repo, number, title, author, is_bot, base, head, landed_sha, opened_at, first_commit_at, first_review_at, approved_at,
                     merged_at, closed_at, registers, url, subject)
select ':tenant', repo, change::text, format('Change %s of %s', change, service), case when is_bot then 'renovate[bot]' else 'person-' || change % 40 end,
       is_bot, 'main', 'branch-' || change, md5('landed' || change), s.start + s.lead * 0.3, s.start, s.start + s.lead * 0.5, s.start + s.lead * 0.7,
       s.start + s.lead * 0.8, s.start + s.lead * 0.8, '{}', format('https://github.example/%s/pull/%s', repo, change), format('%s#%s', repo, change)
from timed cross join lateral (select at - interval '1 second' * lead_s as start, interval '1 second' * lead_s as lead) s;
insert into dora_changes (tenant_id, service, environment, repo, number, integration, deployment_id, tier, team, kind, at, deployed_at, start_at,
                          first_commit_at, opened_at, first_review_at, approved_at, merged_at, lead_s, coding_s, pickup_s, review_s, merge_s, deploy_s,
                          is_bot, is_revert, is_hotfix, link_method, files_known)
select ':tenant', service, tier, repo, change::text, 'github', n::text, tier, team, 'change', at, at, s.start,
       case when pg_temp.chance('commits', change) < 0.97 then s.start end, s.start + s.lead * 0.3, s.start + s.lead * 0.5, s.start + s.lead * 0.7,
       s.start + s.lead * 0.8, lead_s, greatest(lead_s * 0.3, 0), greatest(lead_s * 0.2, 0), greatest(lead_s * 0.2, 0), greatest(lead_s * 0.1, 0),
       greatest(lead_s * 0.2, 0), is_bot, of_kind > 0.98 and place = 1, kind = 'hotfix',
       case when place < 6 then 'graph' when pg_temp.chance('link', change) < 0.8 then 'exact' else 'time' end, place < 7
from timed cross join lateral (select at - interval '1 second' * lead_s as start, interval '1 second' * lead_s as lead) s;
insert into dora_commits (tenant_id, service, environment, repo, sha, integration, deployment_id, at, deployed_at, tier, team, shipped, in_scope, lead_s,
                          is_merge, is_bot)
select ':tenant', service, tier, repo, md5('commit' || change), 'github', n::text, at, at, tier, team, true, true,
       lead_s * 0.9, pg_temp.chance('merge', change) < 0.1, is_bot
from timed;

-- How each failed deployment is known: an incident, or the deployment after it mends it.
create temp table broken on commit drop as
select d.*, (array['window', 'explicit', 'caused_by', 'rollback', 'revert', 'hotfix'])[1 + floor(6 * pg_temp.chance('method', d.n))::int] as method,
       1800 * pg_temp.spread('recovery', d.n) * pg_temp.spread('more', d.n) as rt_s,
       pg_temp.chance('open', d.n) < 0.03 as is_open, later.n as remedy
from (select *, lead(n) over (partition by service, tier order by at, n) as after from deployed where outcome = 'success') d
left join deployed later on later.n = d.after
where d.failed;
insert into dora_failures (tenant_id, integration, deployment_id, service, team, environment, tier, failed_at, impact_at, recovered_at, rt_s, rt_impact_s,
                           methods)
select ':tenant', 'github', n::text, service, team, tier, tier, at, at + interval '3 minutes',
       case when not is_open then at + interval '1 second' * (180 + rt_s) end, case when not is_open then 180 + rt_s end,
       case when not is_open then rt_s end, array[method]
from broken;
insert into dora_remediations (tenant_id, service, integration, deployment_id, culprit_integration, culprit_id, method, at)
select ':tenant', service, 'github', remedy::text, 'github', n::text, method, at + interval '1 second' * (180 + rt_s)
from broken where method in ('rollback', 'revert', 'hotfix') and remedy is not null;

create temp table trouble on commit drop as
select 'p' || n as id, service, team, tier, at + interval '3 minutes' as start_at, case when not is_open then rt_s end as restore_s, n, method
from broken where method in ('window', 'explicit', 'caused_by')
union all
select 'u' || n, service, team, tier, at + interval '30 hours', 3600 * pg_temp.spread('restore', n), null, null
from deployed where of_kind between 0.6 and 0.61;
insert into incidents (tenant_id, integration, incident_id, title, service, environment, tier, severity, opened_at, started_at, resolved_at, registers, url, subject,
                       counted_service)
select ':tenant', 'pagerduty', id, 'Errors in ' || service, service, tier, tier, 'critical', start_at, start_at, start_at + interval '1 second' * restore_s,
       '{}', 'https://pagerduty.example/incidents/' || id, id, service
from trouble;
insert into dora_incidents (tenant_id, integration, incident_id, service, team, environment, tier, severity, start_at, resolved_at, restore_s, qualifies,
                            attributed)
select ':tenant', 'pagerduty', id, service, team, tier, tier, 'critical', start_at, start_at + interval '1 second' * restore_s, restore_s, true, n is not null
from trouble;
insert into dora_links (tenant_id, integration, incident_id, deployment_integration, deployment_id, method)
select ':tenant', 'pagerduty', id, 'github', n::text, method from trouble where n is not null;

-- Beside the facts: what waits, how the code is, what was decided.
insert into changes (tenant_id, repo, number, title, author, is_bot, draft, opened_at, first_review_at, registers, url, subject)
select ':tenant', format('acme/service-%s', lpad((n % :services)::text, 3, '0')), 'open-' || n, 'Waiting ' || n, 'person-' || n % 40, n % 7 = 0, n % 9 = 0,
       ':until'::timestamptz - interval '1 hour' * n * 3, case when n % 3 = 0 then ':until'::timestamptz - interval '1 hour' * n * 2 end, '{}',
       format('https://github.example/acme/service/pull/%s', n), 'open-' || n
from generate_series(1, 2 * :services) n;
insert into quality_reports (tenant_id, event_id, at, integration, project, coverage_pct, passed)
select ':tenant', md5('quality' || s || '-' || w)::uuid, ':until'::timestamptz - interval '1 week' * w - interval '1 hour', 'sonarqube',
       format('service-%s', lpad(s::text, 3, '0')), 60 + 35 * pg_temp.chance('coverage', s * 1000 + w), pg_temp.chance('gate', s * 1000 + w) < 0.9
from generate_series(0, :services - 1) s cross join generate_series(0, :days / 7) w;
insert into catalogs (tenant_id, version, document, applied_at, applied_by)
select ':tenant', v, '{}', ':until'::timestamptz - interval '1 day' * :days * (4 - v) / 20, 'person-1' from generate_series(1, 3) v
on conflict do nothing;
insert into dora_audit (tenant_id, at, fact, key, before, after, causes)
select ':tenant', at + interval '1 hour', 'deployment', 'github:' || n, json_build_object('failed', false), json_build_object('failed', true),
       array[md5('cause' || n)::uuid]
from broken;

analyze dora_deployments, dora_changes, dora_commits, dora_failures, dora_incidents, dora_links, dora_remediations, changes, deployments, incidents;
