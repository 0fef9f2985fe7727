set local role em_owner;
drop table digest_runs, digest_schedules, digest_feedback, digests;
reset role;
