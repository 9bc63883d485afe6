-- Vouchers that are asked for many at once, and by what each is known again.

-- By what those who ask know what they have asked for: what is asked for again is not issued twice.
CREATE TABLE issue_references (
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 64),
    -- A keyed hash of what was asked for.
    asked_hash bytea NOT NULL CHECK (length(asked_hash) = 32),
    decision_id uuid NOT NULL REFERENCES decisions (id),
    -- None where none was granted.
    voucher_id uuid REFERENCES vouchers (id),
    -- Why not, as a code.
    reason text CHECK (length(reason) BETWEEN 1 AND 200),
    PRIMARY KEY (organiser_id, reference),
    CHECK ((voucher_id IS NULL) = (reason IS NOT NULL))
);

CREATE TRIGGER issue_references_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON issue_references
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE voucher_batches (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    mode text NOT NULL CHECK (mode IN ('all_or_nothing', 'per_row')),
    dry_run boolean NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'done', 'refused')),
    row_count integer NOT NULL CHECK (row_count BETWEEN 1 AND 10000),
    -- Rows that are decided on, from the first.
    done integer NOT NULL CHECK (done BETWEEN 0 AND row_count),
    issued integer NOT NULL CHECK (issued >= 0),
    repeated integer NOT NULL CHECK (repeated >= 0),
    not_granted integer NOT NULL CHECK (not_granted >= 0),
    refused integer NOT NULL CHECK (refused >= 0),
    -- Why none was issued, where it is not for a row's sake.
    why text CHECK (length(why) BETWEEN 1 AND 500),
    asked_by text NOT NULL CHECK (length(asked_by) BETWEEN 1 AND 255),
    asked_at timestamptz NOT NULL,
    ended_at timestamptz,
    version bigint NOT NULL CHECK (version >= 1),
    CHECK ((state = 'running') = (ended_at IS NULL)),
    CHECK (issued + repeated + not_granted + refused = done)
);

CREATE INDEX voucher_batches_by_organiser ON voucher_batches (organiser_id ASC, id ASC);

CREATE INDEX voucher_batches_running ON voucher_batches (id ASC) WHERE state = 'running';

CREATE TRIGGER voucher_batches_asked_is_final BEFORE UPDATE OF
    id, organiser_id, mode, dry_run, row_count, asked_by, asked_at
OR DELETE OR TRUNCATE ON voucher_batches
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER voucher_batches_ended_is_final BEFORE UPDATE ON voucher_batches
FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION refuse_change();

-- What is asked for, sealed, until it is decided on.
CREATE TABLE voucher_batch_requests (
    batch_id uuid NOT NULL REFERENCES voucher_batches (id),
    place integer NOT NULL CHECK (place BETWEEN 0 AND 9999),
    asked_sealed bytea NOT NULL CHECK (length(asked_sealed) >= 1),
    PRIMARY KEY (batch_id, place)
);

-- What became of it.
CREATE TABLE voucher_batch_rows (
    batch_id uuid NOT NULL REFERENCES voucher_batches (id),
    place integer NOT NULL CHECK (place BETWEEN 0 AND 9999),
    reference text CHECK (length(reference) BETWEEN 1 AND 64),
    outcome text NOT NULL CHECK (outcome IN ('issued', 'repeated', 'not_granted', 'refused')),
    decision_id uuid REFERENCES decisions (id),
    voucher_id uuid REFERENCES vouchers (id),
    -- Why it is refused.
    problem_sealed bytea CHECK (length(problem_sealed) >= 1),
    PRIMARY KEY (batch_id, place),
    CHECK ((problem_sealed IS NOT NULL) = (outcome = 'refused'))
);

CREATE TRIGGER voucher_batch_rows_are_final BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_batch_rows
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
