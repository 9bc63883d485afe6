-- Messages are told by webhooks, which keep their own place: a delivery is of a subject alone and has one place to go to.

-- Nothing has ever made one of a message, or for one of several places.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be)
SELECT count(*) FROM deliveries WHERE destination_id IS NOT NULL OR outbox_id IS NOT NULL;
DROP TABLE nothing_is_lost;

DROP TRIGGER deliveries_made_is_final ON deliveries;
DROP INDEX deliveries_of_subject;
DROP INDEX deliveries_of_message;

ALTER TABLE deliveries DROP COLUMN destination_id;
ALTER TABLE deliveries DROP COLUMN outbox_id;

CREATE UNIQUE INDEX deliveries_of_subject ON deliveries (subject_id ASC, kind ASC, channel ASC);

CREATE TRIGGER deliveries_made_is_final BEFORE UPDATE OF
    id, organiser_id, kind, channel, subject_kind, subject_id, created_at
OR DELETE OR TRUNCATE ON deliveries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
