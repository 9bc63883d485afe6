-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be) SELECT count(*) FROM choice_requests;
DROP TABLE nothing_is_lost;

DROP TABLE choice_requests;
DROP INDEX choices_by_offering;
ALTER TABLE offerings DROP COLUMN places;
