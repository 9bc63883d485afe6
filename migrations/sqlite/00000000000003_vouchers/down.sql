DROP TABLE ledger_entries;
DROP TABLE service_events;
DROP TABLE choices;
DROP TABLE information_given;
DROP TABLE allotments;
DROP TABLE vouchers;
DROP TABLE clients;
DROP TABLE persons;
