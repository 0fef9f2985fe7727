set local role em_owner;
drop table if exists chunk_vectors;
drop table crawl_runs, crawls, chunks, documents;
reset role;
