-- What models were asked, what it cost, what is left to spend, and answers that are kept. Nothing of it follows from events.

set local role em_owner;

-- Every call that was made, or that was answered from what was kept.
create table llm_calls (
  tenant_id         text        not null,
  id                uuid        not null,
  created_at        timestamptz not null,
  purpose           text        not null,
  model             text        not null,
  provider          text        not null,
  prompt            text        not null, -- which prompt, with its version: digest/3
  session           text,
  input_tokens      bigint      not null,
  cached_tokens     bigint      not null,
  output_tokens     bigint      not null,
  reasoning_tokens  bigint      not null,
  estimated         boolean     not null, -- the provider did not say what was used
  cost_micro_usd    bigint      not null,
  price_version     text        not null,
  latency_ms        bigint      not null,
  tries             integer     not null,
  status            text        not null,
  cache_key         text,
  trace_id          text,
  primary key (tenant_id, id)
);
create index llm_calls_by_time on llm_calls (tenant_id, created_at);

-- What is spent of each budget in each of its windows. Changed in crates/store/src/budgets alone.
create table budgets (
  tenant_id   text        not null, -- '*': the whole installation
  scope       text        not null, -- installation, tenant, purpose:<name>, session:<id>
  period      text        not null, -- 2026-11-22, 2026-11, or ever
  unit        text        not null check (unit in ('usd', 'tokens')),
  spent       bigint      not null, -- millionths of a US dollar, or tokens
  told        integer     not null default 0, -- the last threshold in percent that people were told of
  updated_at  timestamptz not null,
  primary key (tenant_id, scope, period, unit)
);
create index budgets_by_time on budgets (updated_at);

-- What calls that are under way may cost at worst. After `expires_at` nobody will settle it: it counts no more.
create table budget_holds (
  tenant_id   text        not null,
  scope       text        not null,
  period      text        not null,
  unit        text        not null,
  call_id     uuid        not null,
  amount      bigint      not null,
  expires_at  timestamptz not null,
  primary key (tenant_id, scope, period, unit, call_id)
);
create index budget_holds_by_call on budget_holds (call_id);
create index budget_holds_by_time on budget_holds (expires_at);

-- Answers that are given again, within the tenant.
create table model_cache (
  tenant_id   text        not null,
  model       text        not null,
  cache_key   text        not null,
  answer      json        not null,
  created_at  timestamptz not null,
  primary key (tenant_id, model, cache_key)
);
create index model_cache_by_time on model_cache (created_at);

reset role;

grant select, insert, update, delete on llm_calls, budgets, budget_holds, model_cache to em_app;
