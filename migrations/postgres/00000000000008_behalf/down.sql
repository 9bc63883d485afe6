-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM mandates) + (SELECT count(*) FROM acts_on_behalf);
DROP TABLE nothing_is_lost;

DROP INDEX service_events_for_quality;
DROP INDEX choices_for_quality;
DROP TABLE offering_quality;
DROP TABLE acts_on_behalf;
DROP TABLE mandates;
DROP FUNCTION mandates_no_overlap();
