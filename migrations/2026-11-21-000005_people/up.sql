-- People: who they are in each tool, what they are asked to allow, how they answered, and the audit of all that.
--
-- None of it follows from events: it is kept as it was said. Approvals change in crates/store/src/approvals alone, which
-- asks the rules (crates/domain/src/approvals) under a lock of the row.

set local role em_owner;

-- One person may have many identities; a person is what their identities add up to.
create table identities (
  tenant_id      text        not null,
  id             uuid        not null,
  external_type  text        not null check (external_type ~ '^[a-z0-9_-]{1,32}$'), -- slack, github, gitlab, jira, email
  external_id    text        not null check (length(external_id) between 1 and 320),
  person_id      text        not null check (length(person_id) between 1 and 320),
  display_name   text,
  roles          text[]      not null,
  is_bot         boolean     not null,
  created_at     timestamptz not null,
  updated_at     timestamptz not null,
  primary key (tenant_id, id)
);
create unique index identities_by_name on identities (tenant_id, external_type, lower(external_id));
create index identities_by_person on identities (tenant_id, person_id);
create index identities_by_time on identities (tenant_id, created_at, id);

create table approvals (
  tenant_id         text        not null,
  id                uuid        not null,
  subject           text        not null, -- acme/shop#12
  action            text        not null, -- what is done once it is allowed
  kind              text,                 -- what the policy was asked about
  payload           json        not null, -- json, not jsonb: what people see is what was hashed
  content_hash      text        not null, -- SHA-256 of subject, action and payload
  reason            text,                 -- why it was asked for
  status            text        not null check (status in ('pending', 'approved', 'rejected', 'expired', 'cancelled')),
  version           integer     not null, -- one more with every change
  terms             json        not null, -- what it takes, as the policy said when it was proposed
  requested_by      text,
  authors           text[]      not null, -- who wrote what is to be allowed
  created_at        timestamptz not null,
  expires_at        timestamptz not null,
  decided_at        timestamptz,
  decided_by        text,
  decision_reason   text,
  overridden        boolean     not null, -- somebody ended it alone
  -- What follows from the end, a machine of its own.
  effect            text        not null check (effect in ('none', 'pending', 'delivered', 'failed', 'dead')),
  effect_attempts   integer     not null, -- the number of the last try: the fencing token
  effect_error      text,
  effect_at         timestamptz,          -- when it is tried next: also when the lease of the running try ends
  job_id            uuid,
  next_reminder_at  timestamptz,
  again_of          uuid,                 -- the approval that this one asks anew
  primary key (tenant_id, id),
  check ((status = 'pending') = (decided_at is null)),
  check ((effect in ('pending', 'failed')) = (effect_at is not null))
);
create index approvals_by_time on approvals (tenant_id, created_at, id);
create index approvals_by_status on approvals (tenant_id, status, created_at, id);
create index approvals_by_subject on approvals (tenant_id, subject, created_at);
create index approvals_by_expiry on approvals (expires_at) where status = 'pending';
create index approvals_by_reminder on approvals (next_reminder_at) where status = 'pending' and next_reminder_at is not null;
create index approvals_by_effect on approvals (effect_at) where effect in ('pending', 'failed');

-- A person votes once for one content. Never changed.
create table approval_votes (
  tenant_id     text        not null,
  id            bigint      generated always as identity, -- the order in which they came
  approval_id   uuid        not null,
  person        text        not null,
  vote          text        not null check (vote in ('approve', 'reject')),
  via           text        not null check (via in ('slack', 'api', 'console', 'policy')),
  content_hash  text        not null,
  at            timestamptz not null,
  reason        text,
  voter         json        not null, -- the person with roles, groups and identities, as they were known then
  primary key (tenant_id, approval_id, person, content_hash)
);

-- Where an approval was posted, so that every message shows how it stands.
create table approval_posts (
  tenant_id    text        not null,
  approval_id  uuid        not null,
  channel      text        not null,
  ts           text        not null, -- Slack's name for the message in its channel
  kind         text        not null, -- request, reminder, escalation
  posted_at    timestamptz not null,
  stale        boolean     not null, -- the approval has changed since the message was written
  primary key (tenant_id, approval_id, channel, ts)
);
create index approval_posts_stale on approval_posts (posted_at) where stale;

-- What people and policies did. Only ever added to; each row holds the hash of the one before it.
create table audit_log (
  tenant_id  text        not null,
  seq        bigint      not null, -- 1, 2, 3, … without gaps
  at         timestamptz not null,
  actor      text        not null,
  action     text        not null,
  subject    text        not null,
  detail     json        not null, -- json, not jsonb: its text is hashed
  prev_hash  bytea       not null,
  hash       bytea       not null,
  primary key (tenant_id, seq)
);
create index audit_log_by_subject on audit_log (tenant_id, subject, seq);

-- The end of each tenant's chain: whoever appends holds its row, and a chain that was cut short does not reach it.
create table audit_heads (
  tenant_id  text   primary key,
  seq        bigint not null,
  hash       bytea  not null
);

create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'audit_log is append-only: % is refused', tg_op using errcode = 'insufficient_privilege';
end $$;
create trigger audit_rows_stand before update or delete on audit_log for each row execute function audit_is_append_only();
create trigger audit_stands before truncate on audit_log for each statement execute function audit_is_append_only();

reset role;

grant select, insert, update, delete on identities, approval_posts to em_app;
grant select, insert, update on approvals to em_app;
grant select, insert on approval_votes, audit_log to em_app;
grant select, insert, update on audit_heads to em_app;
-- How long people take and what they decide, for dashboards; neither what it was about nor who they are.
grant select (tenant_id, id, kind, action, status, created_at, expires_at, decided_at, overridden, effect, effect_attempts, again_of)
  on approvals to em_readonly;
