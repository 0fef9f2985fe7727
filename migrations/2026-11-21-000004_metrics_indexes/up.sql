-- Indexes for what the metrics API asks: small ones for exceptions, which are few, and the spans of changes.

set local role em_owner;

create index events_unmapped on events (tenant_id, time) where type like '%.unmapped';
create index dora_deployments_with_faults on dora_deployments (tenant_id, tier, at)
  where ancestry_gap or (outcome = 'success' and heads = '');
create index dora_deployments_shipping_rollbacks on dora_deployments (tenant_id, integration, deployment_id)
  where kind = 'rollback' and changes > 0;
-- Which repositories a team deploys: its open changes are those of them.
create index dora_deployments_by_team on dora_deployments (tenant_id, team, tier, repo) where team is not null;
-- Which deployments of a repository came from a branch.
create index deployment_components_by_branch on deployment_components (tenant_id, repo) include (integration, deployment_id, sha)
  where ref is not null;
create index dora_changes_negative on dora_changes (tenant_id, tier, at) where lead_s < 0;
create index dora_commits_negative on dora_commits (tenant_id, tier, at) where lead_s < 0;
create index changes_by_opening on changes (tenant_id, opened_at) include (merged_at, closed_at, repo, is_bot);
create index changes_by_end on changes (tenant_id, (coalesce(merged_at, closed_at))) include (opened_at, repo, is_bot);

reset role;
