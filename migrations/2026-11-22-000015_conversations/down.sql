set local role em_owner;
drop table conversation_messages, conversations;
reset role;
