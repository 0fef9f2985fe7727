set local role em_owner;
drop table audit_heads, audit_log, approval_posts, approval_votes, approvals, identities;
drop function audit_is_append_only;
reset role;
