DROP TRIGGER deliveries_made_is_final;
DROP INDEX deliveries_of_subject;

ALTER TABLE deliveries ADD COLUMN destination_id BLOB CHECK (length(destination_id) = 16);
ALTER TABLE deliveries ADD COLUMN outbox_id BLOB CHECK (length(outbox_id) = 16);

CREATE UNIQUE INDEX deliveries_of_subject ON deliveries (subject_id ASC, kind ASC, channel ASC) WHERE outbox_id IS NULL;

CREATE UNIQUE INDEX deliveries_of_message ON deliveries (outbox_id ASC, channel ASC, destination_id ASC)
WHERE outbox_id IS NOT NULL;

CREATE TRIGGER deliveries_made_is_final BEFORE UPDATE OF
    id, organiser_id, kind, channel, destination_id, subject_kind, subject_id, outbox_id, created_at
ON deliveries
BEGIN
    SELECT RAISE(ABORT, 'append-only: deliveries');
END;
