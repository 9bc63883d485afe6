-- Vouchers that are asked for many at once, and by what each is known again.

-- By what those who ask know what they have asked for: what is asked for again is not issued twice.
CREATE TABLE issue_references (
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    reference TEXT NOT NULL CHECK (length(reference) BETWEEN 1 AND 64),
    -- A keyed hash of what was asked for.
    asked_hash BLOB NOT NULL CHECK (length(asked_hash) = 32),
    decision_id BLOB NOT NULL CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    -- None where none was granted.
    voucher_id BLOB CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    -- Why not, as a code.
    reason TEXT CHECK (length(reason) BETWEEN 1 AND 200),
    PRIMARY KEY (organiser_id, reference),
    CHECK ((voucher_id IS NULL) = (reason IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER issue_references_no_update BEFORE UPDATE ON issue_references
BEGIN
    SELECT RAISE(ABORT, 'append-only: issue_references');
END;
CREATE TRIGGER issue_references_no_delete BEFORE DELETE ON issue_references
BEGIN
    SELECT RAISE(ABORT, 'append-only: issue_references');
END;

CREATE TABLE voucher_batches (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    mode TEXT NOT NULL CHECK (mode IN ('all_or_nothing', 'per_row')),
    dry_run INTEGER NOT NULL CHECK (dry_run IN (0, 1)),
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'refused')),
    row_count INTEGER NOT NULL CHECK (row_count BETWEEN 1 AND 10000),
    -- Rows that are decided on, from the first.
    done INTEGER NOT NULL CHECK (done BETWEEN 0 AND row_count),
    issued INTEGER NOT NULL CHECK (issued >= 0),
    repeated INTEGER NOT NULL CHECK (repeated >= 0),
    not_granted INTEGER NOT NULL CHECK (not_granted >= 0),
    refused INTEGER NOT NULL CHECK (refused >= 0),
    -- Why none was issued, where it is not for a row's sake.
    why TEXT CHECK (length(why) BETWEEN 1 AND 500),
    asked_by TEXT NOT NULL CHECK (length(asked_by) BETWEEN 1 AND 255),
    asked_at INTEGER NOT NULL,
    ended_at INTEGER,
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK ((state = 'running') = (ended_at IS NULL)),
    CHECK (issued + repeated + not_granted + refused = done)
) STRICT;

CREATE INDEX voucher_batches_by_organiser ON voucher_batches (organiser_id ASC, id ASC);

CREATE INDEX voucher_batches_running ON voucher_batches (id ASC) WHERE state = 'running';

CREATE TRIGGER voucher_batches_asked_is_final BEFORE UPDATE OF
    id, organiser_id, mode, dry_run, row_count, asked_by, asked_at ON voucher_batches
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_batches');
END;
CREATE TRIGGER voucher_batches_ended_is_final BEFORE UPDATE ON voucher_batches WHEN OLD.ended_at IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_batches');
END;
CREATE TRIGGER voucher_batches_no_delete BEFORE DELETE ON voucher_batches
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_batches');
END;

-- What is asked for, sealed, until it is decided on.
CREATE TABLE voucher_batch_requests (
    batch_id BLOB NOT NULL CHECK (length(batch_id) = 16) REFERENCES voucher_batches (id),
    place INTEGER NOT NULL CHECK (place BETWEEN 0 AND 9999),
    asked_sealed BLOB NOT NULL CHECK (length(asked_sealed) >= 1),
    PRIMARY KEY (batch_id, place)
) STRICT, WITHOUT ROWID;

-- What became of it.
CREATE TABLE voucher_batch_rows (
    batch_id BLOB NOT NULL CHECK (length(batch_id) = 16) REFERENCES voucher_batches (id),
    place INTEGER NOT NULL CHECK (place BETWEEN 0 AND 9999),
    reference TEXT CHECK (length(reference) BETWEEN 1 AND 64),
    outcome TEXT NOT NULL CHECK (outcome IN ('issued', 'repeated', 'not_granted', 'refused')),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    voucher_id BLOB CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    -- Why it is refused.
    problem_sealed BLOB CHECK (length(problem_sealed) >= 1),
    PRIMARY KEY (batch_id, place),
    CHECK ((problem_sealed IS NOT NULL) = (outcome = 'refused'))
) STRICT, WITHOUT ROWID;

CREATE TRIGGER voucher_batch_rows_no_update BEFORE UPDATE ON voucher_batch_rows
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_batch_rows');
END;
CREATE TRIGGER voucher_batch_rows_no_delete BEFORE DELETE ON voucher_batch_rows
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_batch_rows');
END;
