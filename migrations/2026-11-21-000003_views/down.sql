set local role em_owner;
drop function dora_v_band, dora_v_score, dora_v_is_many, dora_v_exact_limit;
drop view dora_v_tenants, dora_v_services, dora_v_teams, dora_v_repos, dora_v_deployments, dora_v_changes, dora_v_commits,
  dora_v_lead_times, dora_v_failures, dora_v_incidents, dora_v_links, dora_v_remediations, dora_v_benchmarks, dora_v_slots,
  dora_v_lead_days, dora_v_lead_counts, dora_v_open_changes, dora_v_quality_reports, dora_v_catalogs, dora_v_unsettled, dora_v_audit;
grant select on branch_commits, deployment_contents, deployment_images, artifacts, incidents, incident_links, quality_reports,
  catalogs, dora_deployments, dora_commits, dora_changes, dora_remediations, dora_incidents, dora_links, dora_failures,
  dora_dirty, dora_audit, dora_slots, dora_lead_days, dora_rollup_dirty, dora_benchmarks to em_readonly;
reset role;
