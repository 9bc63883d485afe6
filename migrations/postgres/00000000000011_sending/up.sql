-- What leaves the house, and what the service does by itself: rows that one process takes for a while.

-- One thing that is handed over to one place. It is written in the transaction of what happened, and handed over outside of any.
CREATE TABLE deliveries (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
    -- To which of those whom the channel reaches; none where it reaches one place.
    destination_id uuid,
    subject_kind text NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id uuid NOT NULL,
    -- Of which message; none where it is of the subject itself.
    outbox_id uuid,
    state text NOT NULL CHECK (state IN ('waiting', 'sent', 'dead', 'called_off')),
    due_at timestamptz NOT NULL,
    lease_id uuid,
    lease_until timestamptz,
    -- All, and those since it was made or replayed.
    attempts integer NOT NULL CHECK (attempts >= 0),
    tries integer NOT NULL CHECK (tries >= 0),
    last_error text CHECK (length(last_error) BETWEEN 1 AND 500),
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK (tries <= attempts),
    CHECK ((lease_id IS NULL) = (lease_until IS NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CHECK (state = 'waiting' OR lease_id IS NULL)
);

CREATE UNIQUE INDEX deliveries_of_subject ON deliveries (subject_id ASC, kind ASC, channel ASC) WHERE outbox_id IS NULL;

CREATE UNIQUE INDEX deliveries_of_message ON deliveries (outbox_id ASC, channel ASC, destination_id ASC)
WHERE outbox_id IS NOT NULL;

CREATE INDEX deliveries_due ON deliveries (due_at ASC, id ASC) WHERE state = 'waiting';

CREATE INDEX deliveries_open ON deliveries (organiser_id ASC, state ASC, id ASC) WHERE state IN ('waiting', 'dead');

CREATE INDEX deliveries_by_organiser ON deliveries (organiser_id ASC, id ASC);

CREATE TRIGGER deliveries_made_is_final BEFORE UPDATE OF
    id, organiser_id, kind, channel, destination_id, subject_kind, subject_id, outbox_id, created_at
OR DELETE OR TRUNCATE ON deliveries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER deliveries_ended_is_final BEFORE UPDATE ON deliveries
FOR EACH ROW WHEN (OLD.state IN ('sent', 'called_off')) EXECUTE FUNCTION refuse_change();

-- What came of each attempt.
CREATE TABLE delivery_attempts (
    delivery_id uuid NOT NULL REFERENCES deliveries (id),
    number integer NOT NULL CHECK (number >= 1),
    outcome text NOT NULL CHECK (outcome IN ('sent', 'failed', 'lost', 'called_off')),
    said text CHECK (length(said) BETWEEN 1 AND 500),
    at timestamptz NOT NULL,
    PRIMARY KEY (delivery_id, number),
    CHECK (outcome <> 'failed' OR said IS NOT NULL)
);

CREATE TRIGGER delivery_attempts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON delivery_attempts
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What the service does by itself, a row for each kind: when next, and who does it now.
CREATE TABLE jobs (
    kind text PRIMARY KEY NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    due_at timestamptz NOT NULL,
    lease_id uuid,
    lease_until timestamptz,
    -- How often in a row it was begun without being done.
    failures integer NOT NULL CHECK (failures >= 0),
    last_begun_at timestamptz,
    last_ended_at timestamptz,
    last_error text CHECK (length(last_error) BETWEEN 1 AND 500),
    CHECK ((lease_id IS NULL) = (lease_until IS NULL))
);
