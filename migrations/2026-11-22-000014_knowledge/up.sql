-- Knowledge: documents that people and crawlers bring, in chunks that are found by their words.
--
-- Not derived from events. Vectors stand in `chunk_vectors`, which is made where PostgreSQL has the extension `vector`
-- (crates/store/src/knowledge/vectors.rs): nothing here needs it.

set local role em_owner;

create table documents (
  tenant_id     text        not null,
  collection    text        not null check (length(collection) between 1 and 64),
  id            text        not null check (length(id) between 1 and 512), -- whoever brings it says
  uid           uuid        not null default gen_random_uuid() unique,
  source        text        not null,  -- api, github, confluence, …
  url           text,
  title         text        not null,
  language      text        not null,  -- a text search configuration that every PostgreSQL has
  content_hash  bytea       not null,  -- of all that decides about its chunks
  revision      text,                  -- the source's own, where it has one
  meta          json        not null,
  bytes         integer     not null,
  chunk_count   integer     not null,
  crawl_id      uuid,                  -- who keeps it up to date; null: people
  created_at    timestamptz not null,
  updated_at    timestamptz not null,  -- when it was another one the last time
  primary key (tenant_id, collection, id)
);
create index documents_by_time on documents (tenant_id, updated_at, uid);
create index documents_by_language on documents (tenant_id, language);
create index documents_by_crawl on documents (tenant_id, crawl_id, id) where crawl_id is not null;

create table chunks (
  tenant_id      text     not null,
  document       uuid     not null references documents (uid) on delete cascade,
  n              integer  not null,    -- from 0, as they stand
  collection     text     not null,
  language       text     not null,
  text           text     not null,
  tsv            tsvector not null,    -- the document's title (A) and the text (D), in its language
  primary key (tenant_id, document, n)
);
create index chunks_by_words on chunks using gin (tsv);
create index chunks_by_document on chunks (document);

-- What is read again and again elsewhere, and how far it was read.
create table crawls (
  tenant_id     text        not null,
  id            uuid        not null,
  kind          text        not null check (kind in ('github', 'confluence', 'linear', 'shortcut', 'pagerduty')),
  collection    text        not null check (length(collection) between 1 and 64),
  params        json        not null,
  state         json        not null,  -- what was read, in the crawl's own words
  interval_s    integer     not null,  -- 0: only when somebody asks
  next_at       timestamptz,           -- null: nobody asked
  attempt       bigint      not null default 0, -- the fencing token of a run
  leased_until  timestamptz,
  created_at    timestamptz not null,
  created_by    text        not null,
  primary key (tenant_id, id)
);
create index crawls_due on crawls (next_at) where next_at is not null;
create index crawls_by_time on crawls (tenant_id, created_at, id);

create table crawl_runs (
  tenant_id   text        not null,
  id          uuid        not null,
  crawl_id    uuid        not null,
  started_at  timestamptz not null,
  ended_at    timestamptz,
  result      text        not null check (result in ('running', 'succeeded', 'partial', 'failed', 'interrupted')),
  error       text,
  seen        integer     not null default 0,
  changed     integer     not null default 0,
  deleted     integer     not null default 0,
  requests    integer     not null default 0,
  bytes       bigint      not null default 0,
  primary key (tenant_id, id),
  foreign key (tenant_id, crawl_id) references crawls (tenant_id, id) on delete cascade
);
create index crawl_runs_by_crawl on crawl_runs (tenant_id, crawl_id, started_at, id);

reset role;

grant select, insert, update, delete on documents, chunks, crawls, crawl_runs to em_app;
