set local role em_owner;
drop index dora_failures_open, incidents_by_resolved, incidents_open;
drop table channel_subscriptions;
delete from slack_messages where kind = 'note';
drop index slack_messages_notes, slack_messages_of_approvals;
alter table slack_messages
  drop constraint slack_messages_matter,
  drop constraint slack_messages_kind_check,
  add constraint slack_messages_kind_check check (kind in ('request', 'reminder', 'escalation', 'conclusion')),
  drop column content,
  drop column channel,
  drop column ts,
  alter column approval_id set not null,
  drop constraint slack_messages_pkey,
  add primary key (tenant_id, approval_id, key, place);
reset role;
