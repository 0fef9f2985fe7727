set local role em_owner;
alter table approvals drop column effect_waits;
alter table jobs drop column due_at, drop column waits;
drop table protections, job_attempts, effects;
reset role;
