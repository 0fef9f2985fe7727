set local role em_owner;

drop index dora_deployments_by_team, deployment_components_by_branch, events_unmapped, dora_deployments_with_faults, dora_deployments_shipping_rollbacks, dora_changes_negative,
  dora_commits_negative, changes_by_opening, changes_by_end;

reset role;
