-- What leaves the house, and what the service does by itself: rows that one process takes for a while.

-- One thing that is handed over to one place. It is written in the transaction of what happened, and handed over outside of any.
CREATE TABLE deliveries (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
    -- To which of those whom the channel reaches; none where it reaches one place.
    destination_id BLOB CHECK (length(destination_id) = 16),
    subject_kind TEXT NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    -- Of which message; none where it is of the subject itself.
    outbox_id BLOB CHECK (length(outbox_id) = 16),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead', 'called_off')),
    due_at INTEGER NOT NULL,
    lease_id BLOB CHECK (length(lease_id) = 16),
    lease_until INTEGER,
    -- All, and those since it was made or replayed.
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    tries INTEGER NOT NULL CHECK (tries >= 0),
    last_error TEXT CHECK (length(last_error) BETWEEN 1 AND 500),
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    CHECK (tries <= attempts),
    CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CHECK (state = 'waiting' OR lease_id IS NULL)
) STRICT;

CREATE UNIQUE INDEX deliveries_of_subject ON deliveries (subject_id ASC, kind ASC, channel ASC) WHERE outbox_id IS NULL;

CREATE UNIQUE INDEX deliveries_of_message ON deliveries (outbox_id ASC, channel ASC, destination_id ASC)
WHERE outbox_id IS NOT NULL;

CREATE INDEX deliveries_due ON deliveries (due_at ASC, id ASC) WHERE state = 'waiting';

CREATE INDEX deliveries_open ON deliveries (organiser_id ASC, state ASC, id ASC) WHERE state IN ('waiting', 'dead');

CREATE INDEX deliveries_by_organiser ON deliveries (organiser_id ASC, id ASC);

CREATE TRIGGER deliveries_made_is_final BEFORE UPDATE OF
    id, organiser_id, kind, channel, destination_id, subject_kind, subject_id, outbox_id, created_at
ON deliveries
BEGIN
    SELECT RAISE(ABORT, 'append-only: deliveries');
END;

CREATE TRIGGER deliveries_ended_is_final BEFORE UPDATE ON deliveries WHEN OLD.state IN ('sent', 'called_off')
BEGIN
    SELECT RAISE(ABORT, 'append-only: deliveries');
END;

CREATE TRIGGER deliveries_no_delete BEFORE DELETE ON deliveries
BEGIN
    SELECT RAISE(ABORT, 'append-only: deliveries');
END;

-- What came of each attempt.
CREATE TABLE delivery_attempts (
    delivery_id BLOB NOT NULL CHECK (length(delivery_id) = 16) REFERENCES deliveries (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    outcome TEXT NOT NULL CHECK (outcome IN ('sent', 'failed', 'lost', 'called_off')),
    said TEXT CHECK (length(said) BETWEEN 1 AND 500),
    at INTEGER NOT NULL,
    PRIMARY KEY (delivery_id, number),
    CHECK (outcome <> 'failed' OR said IS NOT NULL)
) STRICT;

CREATE TRIGGER delivery_attempts_no_update BEFORE UPDATE ON delivery_attempts
BEGIN
    SELECT RAISE(ABORT, 'append-only: delivery_attempts');
END;
CREATE TRIGGER delivery_attempts_no_delete BEFORE DELETE ON delivery_attempts
BEGIN
    SELECT RAISE(ABORT, 'append-only: delivery_attempts');
END;

-- What the service does by itself, a row for each kind: when next, and who does it now.
CREATE TABLE jobs (
    kind TEXT PRIMARY KEY NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    due_at INTEGER NOT NULL,
    lease_id BLOB CHECK (length(lease_id) = 16),
    lease_until INTEGER,
    -- How often in a row it was begun without being done.
    failures INTEGER NOT NULL CHECK (failures >= 0),
    last_begun_at INTEGER,
    last_ended_at INTEGER,
    last_error TEXT CHECK (length(last_error) BETWEEN 1 AND 500),
    CHECK ((lease_id IS NULL) = (lease_until IS NULL))
) STRICT;
