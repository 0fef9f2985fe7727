-- Signals from one look to the next: what is open, what is over, what followed. Kept as it was seen: it does not follow
-- from events alone, because what fired has fired.

set local role em_owner;

-- One row for each rule and subject. Changed in crates/store/src/signals/states.rs alone.
create table signal_states (
  tenant_id      text        not null,
  id             uuid        not null, -- for lists
  rule           text        not null, -- by its name in the document
  kind           text        not null,
  subject        text        not null, -- acme/shop#12
  since          timestamptz not null, -- since when it is so, as it was seen last
  facts          json        not null, -- what was told of it then
  opened_at      timestamptz not null, -- when it was seen first, this time
  last_seen_at   timestamptz not null,
  closed_at      timestamptz,          -- null: it is open
  last_fired_at  timestamptz,
  fired          integer     not null check (fired >= 0), -- how often, in all
  -- What followed when it fired last.
  action         text,
  reason         text,
  policy         text,
  job_id         uuid,
  approval_id    uuid,
  primary key (tenant_id, rule, subject)
);
create index signal_states_open on signal_states (tenant_id, rule) where closed_at is null;
create index signal_states_by_time on signal_states (tenant_id, opened_at, id);
create index signal_states_by_subject on signal_states (tenant_id, subject, opened_at, id);
create index signal_states_by_end on signal_states (closed_at) where closed_at is not null;

-- Who looks at a tenant's signals: one worker of the whole installation at a time.
create table signal_looks (
  tenant_id     text        primary key,
  number        bigint      not null, -- of the last look: the fencing token
  leased_until  timestamptz,          -- null: nobody looks
  next_at       timestamptz not null,
  ended_at      timestamptz not null  -- when one ended well the last time, or the tenant was seen first
);
create index signal_looks_due on signal_looks (next_at);

-- Of what ended without approval one approval may be open that asks for it again.
create unique index approvals_again on approvals (tenant_id, again_of) where again_of is not null and status = 'pending';
create index approvals_by_origin on approvals (tenant_id, again_of, created_at) where again_of is not null;

reset role;

grant select, insert, update, delete on signal_states, signal_looks to em_app;
grant select on signal_states, signal_looks to em_readonly;
