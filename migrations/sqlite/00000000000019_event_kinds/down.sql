DROP TABLE event_kinds;
