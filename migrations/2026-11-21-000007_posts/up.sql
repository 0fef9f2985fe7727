-- What is owed to Slack, its pace, and what a tenant used of a day's limits. Nothing of it follows from events.

set local role em_owner;

-- Messages about approvals, each said once in one place. Changed in crates/store/src/slack_messages alone.
create table slack_messages (
  tenant_id    text        not null,
  id           bigint      generated always as identity, -- the order in which they were asked for
  approval_id  uuid        not null,
  kind         text        not null check (kind in ('request', 'reminder', 'escalation', 'conclusion')),
  key          text        not null, -- which of its kind: asking twice for the same is asking once
  place        text        not null, -- #name or id of a channel, or the id of a person
  thread_ts    text,                 -- the message that it answers
  state        text        not null check (state in ('waiting', 'sending', 'sent', 'unknown', 'dropped')),
  tries        integer     not null,
  due_at       timestamptz not null, -- when it is tried next; while it is sent: when nobody can be at it any more
  created_at   timestamptz not null,
  error        text,
  primary key (tenant_id, approval_id, key, place)
);
create index slack_messages_due on slack_messages (due_at, id) where state in ('waiting', 'sending');

-- Slack counts by app: the pace is kept for the whole installation.
create table slack_paces (
  tenant_id  text        not null check (tenant_id = '*'),
  what       text        not null, -- a method, a channel, or an update in a channel
  until      timestamptz not null, -- it rests so long
  channel    text,                 -- of a channel's name: its id, as Slack told it
  primary key (tenant_id, what)
);

-- What a tenant used on a day (UTC).
create table daily_usage (
  tenant_id  text    not null,
  day        date    not null,
  what       text    not null, -- slack_posts
  used       bigint  not null check (used >= 0),
  primary key (tenant_id, day, what)
);

reset role;

grant select, insert, update, delete on slack_messages, slack_paces, daily_usage to em_app;
