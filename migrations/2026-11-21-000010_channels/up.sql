-- Channels: messages with content of their own, and which channels are told of which services.

set local role em_owner;

-- A message is about an approval, and made of it when it is said, or a note that says what it says.
alter table slack_messages
  drop constraint slack_messages_pkey,
  add primary key (tenant_id, id),
  alter column approval_id drop not null,
  add column content json,    -- of a note: the whole message
  add column channel text,    -- where it stands, once it was sent
  add column ts text,
  drop constraint slack_messages_kind_check,
  add constraint slack_messages_kind_check check (kind in ('request', 'reminder', 'escalation', 'conclusion', 'note')),
  add constraint slack_messages_matter check ((approval_id is null) = (kind = 'note') and (content is null) = (kind <> 'note'));
create unique index slack_messages_of_approvals on slack_messages (tenant_id, approval_id, key, place) where approval_id is not null;
create unique index slack_messages_notes on slack_messages (tenant_id, key, place) where approval_id is null;

create table channel_subscriptions (
  tenant_id   text        not null,
  id          uuid        not null,
  service     text        not null check (length(service) between 1 and 255),
  channel     text        not null check (length(channel) between 1 and 255), -- #name or id
  created_at  timestamptz not null, -- what was before is not told
  created_by  text        not null,
  primary key (tenant_id, id)
);
create unique index channel_subscriptions_once on channel_subscriptions (tenant_id, service, channel);
create index channel_subscriptions_by_time on channel_subscriptions (tenant_id, created_at, id);

-- Few are open.
create index incidents_open on incidents (tenant_id) where resolved_at is null;
create index incidents_by_resolved on incidents (tenant_id, resolved_at) where resolved_at is not null;
create index dora_failures_open on dora_failures (tenant_id, failed_at) where recovered_at is null;

reset role;

grant select, insert, update, delete on channel_subscriptions to em_app;
