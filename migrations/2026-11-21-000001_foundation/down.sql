-- Roles stay: other databases of the same server may use them.
drop table deployment_components, deployment_statuses, deployments, changes, ref_moves, commit_edges, commits,
  stream_watermarks, idempotent_answers, jobs, dead_letters, consumer_attempts, consumer_marks, outbox, events,
  rejected_samples, deliveries, delivery_ledger, tenants;
