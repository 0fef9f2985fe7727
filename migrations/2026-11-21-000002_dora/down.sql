set local role em_owner;
drop table dora_benchmarks, dora_rollup_dirty, dora_lead_days, dora_slots, dora_audit, dora_dirty, dora_failures, dora_links, dora_incidents, dora_remediations, dora_changes,
  dora_commits, dora_deployments, catalogs, quality_reports, incident_links, incidents, artifacts, deployment_images,
  deployment_contents, branch_commits;
drop index deployment_components_by_sha;
alter table deployment_components drop column ref, drop column image_digest, drop column finished_at;
drop index deployments_by_counted;
alter table deployments drop column explicit_kind, drop column unplanned, drop column fixes, drop column title, drop column url,
  drop column subject, drop column counted_service, drop column counted_tier;
drop index changes_open, changes_by_title, changes_by_head, changes_by_landing;
alter table changes drop column labels, drop column merge_method, drop column reverts, drop column draft, drop column additions,
  drop column deletions, drop column files_changed, drop column ticket_keys, drop column url, drop column subject;
drop index commits_by_pick;
alter table commits drop column message_head, drop column is_merge, drop column picked_from, drop column reverts,
  drop column files;
reset role;
