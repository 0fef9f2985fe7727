-- Conversations: what people asked and what was answered, and the runs of agents. Not derived from events.

set local role em_owner;

create table conversations (
  tenant_id   text        not null,
  id          uuid        not null,
  person      text        not null, -- whose it is; nobody else's
  channel     text,                 -- of Slack, where it is held there
  title       text        not null, -- the first question, cut
  messages    integer     not null default 0,
  created_at  timestamptz not null,
  updated_at  timestamptz not null,
  primary key (tenant_id, id)
);
create index conversations_by_time on conversations (tenant_id, updated_at, id);
create index conversations_of_person on conversations (tenant_id, person, updated_at, id);

create table conversation_messages (
  tenant_id        text        not null,
  conversation_id  uuid        not null,
  position         integer     not null, -- from 0; even ones are questions
  said_by          text        not null check (said_by in ('user', 'assistant')),
  text             text        not null,
  detail           json,                 -- of an answer: citations, steps, by whom it was worded
  at               timestamptz not null,
  primary key (tenant_id, conversation_id, position),
  foreign key (tenant_id, conversation_id) references conversations (tenant_id, id) on delete cascade
);

reset role;

grant select, insert, update, delete on conversations, conversation_messages to em_app;
