-- Whoever has heard up to a place would hear something else from there on; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be) SELECT last FROM event_places;
DROP TABLE nothing_is_lost;

DROP TABLE event_places;

DROP INDEX outbox_of_provider;

DROP INDEX outbox_of_organiser;

DROP INDEX outbox_position;

DROP INDEX outbox_unplaced;

ALTER TABLE outbox DROP COLUMN position;

ALTER TABLE outbox DROP COLUMN provider_id;

ALTER TABLE outbox ADD COLUMN sent_at timestamptz;

CREATE INDEX outbox_pending ON outbox (id ASC) WHERE sent_at IS NULL;
