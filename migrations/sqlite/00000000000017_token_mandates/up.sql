-- What a representative has done by a mandate that is nowhere recorded: the token carried it, and what it said is kept. The
-- representative is whom the token named, and need not be known here.

-- Checks cannot be widened in place: the acts are copied and made anew under the same name.
CREATE TABLE acts_on_behalf_before (
    id BLOB NOT NULL,
    organiser_id BLOB NOT NULL,
    voucher_id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    act TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    maker TEXT NOT NULL,
    mandate_id BLOB,
    how TEXT,
    given_on TEXT,
    note_sealed BLOB,
    recorded_by TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) STRICT;

INSERT INTO acts_on_behalf_before (
    id, organiser_id, voucher_id, person_id, act, subject_id, maker, mandate_id, how, given_on, note_sealed, recorded_by,
    recorded_at
)
SELECT id, organiser_id, voucher_id, person_id, act, subject_id, maker, mandate_id, how, given_on, note_sealed, recorded_by,
    recorded_at
FROM acts_on_behalf;

DROP TABLE acts_on_behalf;

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
    mandate_issuer TEXT CHECK (length(mandate_issuer) BETWEEN 1 AND 2048),
    mandate_scope TEXT CHECK (mandate_scope IN ('vouchers', 'vouchers_read')),
    mandate_ends_at INTEGER CHECK (mandate_ends_at > recorded_at),
    representative_id BLOB CHECK (length(representative_id) = 16) CHECK (representative_id <> person_id),
    CHECK ((mandate_issuer IS NULL) = (mandate_scope IS NULL)),
    CHECK ((mandate_issuer IS NULL) = (mandate_ends_at IS NULL)),
    CHECK (mandate_issuer IS NOT NULL OR representative_id IS NULL),
    CHECK (mandate_issuer IS NULL OR mandate_id IS NULL),
    CHECK ((maker = 'representative') = (mandate_id IS NOT NULL OR mandate_issuer IS NOT NULL)),
    CHECK ((maker = 'case_worker') = (how IS NOT NULL)),
    CHECK ((maker = 'case_worker') = (given_on IS NOT NULL)),
    CHECK (maker = 'case_worker' OR note_sealed IS NULL)
) STRICT;

INSERT INTO acts_on_behalf (
    id, organiser_id, voucher_id, person_id, act, subject_id, maker, mandate_id, how, given_on, note_sealed, recorded_by,
    recorded_at
)
SELECT id, organiser_id, voucher_id, person_id, act, subject_id, maker, mandate_id, how, given_on, note_sealed, recorded_by,
    recorded_at
FROM acts_on_behalf_before;

DROP TABLE acts_on_behalf_before;

CREATE INDEX acts_on_behalf_by_voucher ON acts_on_behalf (voucher_id ASC, id ASC);

CREATE TRIGGER acts_on_behalf_no_update BEFORE UPDATE ON acts_on_behalf
BEGIN
    SELECT RAISE(ABORT, 'append-only: acts_on_behalf');
END;
CREATE TRIGGER acts_on_behalf_no_delete BEFORE DELETE ON acts_on_behalf
BEGIN
    SELECT RAISE(ABORT, 'append-only: acts_on_behalf');
END;
