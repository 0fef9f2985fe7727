set local role em_owner;
drop table daily_usage, slack_paces, slack_messages;
reset role;
