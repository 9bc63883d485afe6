DROP TRIGGER deliveries_made_is_final ON deliveries;
DROP INDEX deliveries_of_subject;

ALTER TABLE deliveries ADD COLUMN destination_id uuid;
ALTER TABLE deliveries ADD COLUMN outbox_id uuid;

CREATE UNIQUE INDEX deliveries_of_subject ON deliveries (subject_id ASC, kind ASC, channel ASC) WHERE outbox_id IS NULL;

CREATE UNIQUE INDEX deliveries_of_message ON deliveries (outbox_id ASC, channel ASC, destination_id ASC)
WHERE outbox_id IS NOT NULL;

CREATE TRIGGER deliveries_made_is_final BEFORE UPDATE OF
    id, organiser_id, kind, channel, destination_id, subject_kind, subject_id, outbox_id, created_at
OR DELETE OR TRUNCATE ON deliveries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
