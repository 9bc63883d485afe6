-- Who may act for whom, what was done for a client by another, and what is known of how offerings have served.

-- What an organiser has recorded of a person who acts for its client. The person need not be anybody's client.
CREATE TABLE mandates (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    client_id BLOB NOT NULL CHECK (length(client_id) = 16) REFERENCES clients (id),
    person_id BLOB NOT NULL CHECK (length(person_id) = 16) REFERENCES persons (id),
    representative_id BLOB NOT NULL CHECK (length(representative_id) = 16) REFERENCES persons (id),
    representative_name_sealed BLOB NOT NULL CHECK (length(representative_name_sealed) BETWEEN 40 AND 1000),
    scope TEXT NOT NULL CHECK (scope IN ('vouchers', 'vouchers_read')),
    basis TEXT NOT NULL CHECK (basis IN ('guardian', 'continuing_power', 'authorisation', 'parent', 'other')),
    note_sealed BLOB CHECK (length(note_sealed) BETWEEN 40 AND 9000),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to >= valid_from),
    recorded_by TEXT NOT NULL CHECK (length(recorded_by) BETWEEN 1 AND 255),
    recorded_at INTEGER NOT NULL,
    end_reason TEXT CHECK (end_reason IN ('withdrawn', 'basis_ended', 'mistake', 'other')),
    end_note_sealed BLOB CHECK (length(end_note_sealed) BETWEEN 40 AND 9000),
    ended_by TEXT CHECK (length(ended_by) BETWEEN 1 AND 255),
    ended_at INTEGER,
    CONSTRAINT mandates_not_for_oneself CHECK (representative_id <> person_id),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK (ended_at IS NULL OR valid_to IS NOT NULL),
    CHECK (ended_at IS NOT NULL OR end_note_sealed IS NULL)
) STRICT;

CREATE UNIQUE INDEX mandates_open ON mandates (client_id ASC, representative_id ASC, scope ASC) WHERE valid_to IS NULL;

CREATE INDEX mandates_by_client ON mandates (client_id ASC, id ASC);

CREATE INDEX mandates_by_representative ON mandates (representative_id ASC, id ASC);

CREATE TRIGGER mandates_no_overlap_insert BEFORE INSERT ON mandates
WHEN EXISTS (
        SELECT 1 FROM mandates AS o
        WHERE o.id <> NEW.id AND o.client_id = NEW.client_id AND o.representative_id = NEW.representative_id
          AND o.scope = NEW.scope
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: mandates_no_overlap');
END;
CREATE TRIGGER mandates_no_overlap_update BEFORE UPDATE ON mandates
WHEN EXISTS (
        SELECT 1 FROM mandates AS o
        WHERE o.id <> NEW.id AND o.client_id = NEW.client_id AND o.representative_id = NEW.representative_id
          AND o.scope = NEW.scope
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: mandates_no_overlap');
END;

-- What was recorded stays; a mandate can only be ended, once.
CREATE TRIGGER mandates_recorded_is_final BEFORE UPDATE OF
    id, organiser_id, client_id, person_id, representative_id, representative_name_sealed, scope, basis, note_sealed,
    valid_from, recorded_by, recorded_at
ON mandates
BEGIN
    SELECT RAISE(ABORT, 'append-only: mandates');
END;
CREATE TRIGGER mandates_ended_is_final BEFORE UPDATE ON mandates
WHEN OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
BEGIN
    SELECT RAISE(ABORT, 'append-only: mandates');
END;
CREATE TRIGGER mandates_no_delete BEFORE DELETE ON mandates
BEGIN
    SELECT RAISE(ABORT, 'append-only: mandates');
END;

-- What was done about a voucher for its holder, by a representative with a mandate or by a case worker to whom the
-- holder has consented. What the holder has done has no row.
CREATE TABLE acts_on_behalf (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    person_id BLOB NOT NULL CHECK (length(person_id) = 16) REFERENCES persons (id),
    act TEXT NOT NULL CHECK (act IN ('accept', 'refuse', 'choose', 'withdraw')),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    maker TEXT NOT NULL CHECK (maker IN ('representative', 'case_worker')),
    mandate_id BLOB CHECK (length(mandate_id) = 16) REFERENCES mandates (id),
    how TEXT CHECK (how IN ('in_person', 'phone', 'video', 'letter', 'message')),
    given_on TEXT CHECK (length(given_on) = 10),
    note_sealed BLOB CHECK (length(note_sealed) BETWEEN 40 AND 9000),
    recorded_by TEXT NOT NULL CHECK (length(recorded_by) BETWEEN 1 AND 255),
    recorded_at INTEGER NOT NULL,
    CHECK ((maker = 'representative') = (mandate_id IS NOT NULL)),
    CHECK ((maker = 'case_worker') = (how IS NOT NULL)),
    CHECK ((maker = 'case_worker') = (given_on IS NOT NULL)),
    CHECK (maker = 'case_worker' OR note_sealed IS NULL)
) STRICT;

CREATE INDEX acts_on_behalf_by_voucher ON acts_on_behalf (voucher_id ASC, id ASC);

CREATE TRIGGER acts_on_behalf_no_update BEFORE UPDATE ON acts_on_behalf
BEGIN
    SELECT RAISE(ABORT, 'append-only: acts_on_behalf');
END;
CREATE TRIGGER acts_on_behalf_no_delete BEFORE DELETE ON acts_on_behalf
BEGIN
    SELECT RAISE(ABORT, 'append-only: acts_on_behalf');
END;

-- What is shown of how an offering has served, as it was found on a day. What is of too few is not in it.
CREATE TABLE offering_quality (
    offering_id BLOB PRIMARY KEY NOT NULL CHECK (length(offering_id) = 16) REFERENCES offerings (id),
    facts TEXT NOT NULL CHECK (length(facts) BETWEEN 2 AND 4000),
    computed_day TEXT NOT NULL CHECK (length(computed_day) = 10)
) STRICT;

CREATE INDEX choices_for_quality ON choices (offering_id ASC, valid_from ASC);

CREATE INDEX service_events_for_quality ON service_events (choice_id ASC, day ASC);
