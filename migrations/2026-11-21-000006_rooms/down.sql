set local role em_owner;
drop table key_results, objectives, onboarding_tasks, onboarding_plans, projects, incident_merges;
drop index incidents_by_begin;
reset role;
