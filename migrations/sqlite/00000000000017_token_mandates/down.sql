-- What the table did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be) SELECT count(*) FROM acts_on_behalf WHERE mandate_issuer IS NOT NULL;
DROP TABLE nothing_is_lost;

CREATE TABLE acts_on_behalf_after (
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

INSERT INTO acts_on_behalf_after (
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
    CHECK ((maker = 'representative') = (mandate_id IS NOT NULL)),
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
FROM acts_on_behalf_after;

DROP TABLE acts_on_behalf_after;

CREATE INDEX acts_on_behalf_by_voucher ON acts_on_behalf (voucher_id ASC, id ASC);

CREATE TRIGGER acts_on_behalf_no_update BEFORE UPDATE ON acts_on_behalf
BEGIN
    SELECT RAISE(ABORT, 'append-only: acts_on_behalf');
END;
CREATE TRIGGER acts_on_behalf_no_delete BEFORE DELETE ON acts_on_behalf
BEGIN
    SELECT RAISE(ABORT, 'append-only: acts_on_behalf');
END;
