set local role em_owner;
drop index approvals_by_origin, approvals_again;
drop table signal_looks, signal_states;
reset role;
