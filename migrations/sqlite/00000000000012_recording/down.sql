-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM service_events WHERE reference IS NOT NULL OR kind <> 'visit')
    + (SELECT count(*) FROM event_drafts);
DROP TABLE nothing_is_lost;

DROP TABLE event_drafts;

ALTER TABLE service_events DROP COLUMN reason_code;
ALTER TABLE service_events DROP COLUMN cancelled_at;
ALTER TABLE service_events DROP COLUMN kind;
DROP INDEX service_events_alike;
DROP INDEX service_events_reference;
ALTER TABLE service_events DROP COLUMN reference;
