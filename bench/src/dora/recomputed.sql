with ended as (
  select integration, deployment_id, max(finished_at) as at
  from deployments where outcome = 'success' and counted_tier = 'production' group by 1, 2
  having max(finished_at) between :from and :to
),
frequency as (
  select count(distinct date_trunc('day', at)) as deploy_days, count(*) as deployments from ended
),
troubled as (
  select e.integration, e.deployment_id, count(distinct i.incident_id) > 0 as has_incident
  from ended e
  left join dora_v_links l on l.integration = e.integration and l.deployment_id = e.deployment_id
  left join dora_v_incidents i on i.integration = l.incident_integration and i.incident_id = l.incident_id
  group by 1, 2
),
shipped as (
  select distinct c.repo, c.number, extract(epoch from e.at - coalesce(c.first_commit_at, c.opened_at)) as lead_s
  from changes c
  join dora_v_changes d on d.tenant = c.tenant_id and d.repo = c.repo and d.number = c.number
  join ended e on e.integration = d.integration and e.deployment_id = d.deployment_id
  where c.merged_at is not null
),
ranked as (
  select lead_s, percent_rank() over (order by lead_s) as rank from shipped
)
select (select deployments from frequency) as deployments, (select deploy_days from frequency) as deploy_days,
       (select avg(has_incident::int) from troubled) as change_failure_rate,
       (select max(lead_s) from ranked where rank <= 0.5) as lead_s
