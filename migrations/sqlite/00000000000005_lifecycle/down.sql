-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM decisions WHERE kind NOT IN ('adopt_rulebook', 'decide_application', 'grant_voucher', 'cancel_voucher'))
    + (SELECT count(*) FROM applications WHERE state = 'more_information' OR area <> '[]')
    + (SELECT count(*) FROM application_events)
    + (SELECT count(*) FROM approval_interruptions WHERE kind = 'suspended')
    + (SELECT count(*) FROM attachments) + (SELECT count(*) FROM findings) + (SELECT count(*) FROM measures)
    + (SELECT count(*) FROM provider_changes) + (SELECT count(*) FROM source_ids)
    + (SELECT count(*) FROM evidence WHERE kind <> 'other')
    + (SELECT count(*) FROM providers WHERE oid IS NOT NULL OR contacts IS NOT NULL OR iban IS NOT NULL)
    + (SELECT count(*) FROM provider_members WHERE role <> 'admin')
    + (SELECT count(*) FROM offering_prices WHERE reason IS NOT NULL);
DROP TABLE nothing_is_lost;

DELETE FROM installation WHERE name = 'lapses_are_due';
DROP TABLE source_ids;
DROP TABLE registry_changes;
DROP TABLE registry_versions;
DROP TABLE provider_changes;
DROP TABLE measures;
DROP TABLE findings;
DROP TABLE approval_interruptions;
DROP TABLE application_events;
DROP TABLE evidence_reminders;
DROP TABLE evidence_checks;
DROP TABLE evidence;
DROP TABLE attachments;

DROP INDEX approvals_by_organiser;
DROP INDEX choices_by_unit;
DROP INDEX providers_oid;

DROP TRIGGER offering_prices_set_is_final;
DROP TRIGGER choices_agreed_is_final;
ALTER TABLE choices DROP COLUMN ended_at;
ALTER TABLE choices DROP COLUMN only_items;
ALTER TABLE offering_prices DROP COLUMN only_items;
ALTER TABLE offering_prices DROP COLUMN reason;
ALTER TABLE offerings DROP COLUMN modes;
ALTER TABLE offerings DROP COLUMN languages;
ALTER TABLE offerings DROP COLUMN queue;
ALTER TABLE approvals DROP COLUMN end_decision_id;
ALTER TABLE approvals DROP COLUMN area;
ALTER TABLE service_units DROP COLUMN closed_from;
ALTER TABLE service_units DROP COLUMN self_monitoring;
ALTER TABLE service_units DROP COLUMN soteri;
ALTER TABLE service_units DROP COLUMN opening_hours;
ALTER TABLE service_units DROP COLUMN accessibility;
ALTER TABLE provider_members DROP COLUMN added_for;
ALTER TABLE provider_members DROP COLUMN added_by;
ALTER TABLE provider_members DROP COLUMN role;
ALTER TABLE providers DROP COLUMN iban;
ALTER TABLE providers DROP COLUMN contacts;
ALTER TABLE providers DROP COLUMN languages;
ALTER TABLE providers DROP COLUMN oid;
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from, items
ON offering_prices
BEGIN
    SELECT RAISE(ABORT, 'append-only: offering_prices');
END;
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from, items
ON choices
BEGIN
    SELECT RAISE(ABORT, 'append-only: choices');
END;

-- As on the way up: made anew, and the commit looks whether every row that refers to them has what it refers to.
PRAGMA defer_foreign_keys = ON;

CREATE TABLE applications_before (
    id BLOB NOT NULL,
    organiser_id BLOB NOT NULL,
    provider_id BLOB NOT NULL,
    unit_id BLOB NOT NULL,
    voucher_type_id BLOB NOT NULL,
    rulebook_id BLOB NOT NULL,
    state TEXT NOT NULL,
    evidence TEXT NOT NULL,
    submitted_at INTEGER,
    submitted_by TEXT,
    decision_id BLOB,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

INSERT INTO applications_before (
    id, organiser_id, provider_id, unit_id, voucher_type_id, rulebook_id, state, evidence, submitted_at,
    submitted_by, decision_id, version, created_at
)
SELECT id, organiser_id, provider_id, unit_id, voucher_type_id, rulebook_id, state, evidence, submitted_at,
    submitted_by, decision_id, version, created_at
FROM applications;

DROP TABLE applications;

CREATE TABLE applications (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    unit_id BLOB NOT NULL CHECK (length(unit_id) = 16) REFERENCES service_units (id),
    voucher_type_id BLOB NOT NULL CHECK (length(voucher_type_id) = 16) REFERENCES voucher_types (id),
    rulebook_id BLOB NOT NULL CHECK (length(rulebook_id) = 16) REFERENCES rulebooks (id),
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'rejected', 'withdrawn')),
    evidence TEXT NOT NULL CHECK (length(evidence) BETWEEN 2 AND 65536),
    submitted_at INTEGER,
    submitted_by TEXT CHECK (length(submitted_by) BETWEEN 1 AND 255),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    CHECK ((state IN ('approved', 'rejected')) = (decision_id IS NOT NULL)),
    CHECK ((submitted_at IS NULL) = (submitted_by IS NULL))
) STRICT;

INSERT INTO applications (
    id, organiser_id, provider_id, unit_id, voucher_type_id, rulebook_id, state, evidence, submitted_at,
    submitted_by, decision_id, version, created_at
)
SELECT id, organiser_id, provider_id, unit_id, voucher_type_id, rulebook_id, state, evidence, submitted_at,
    submitted_by, decision_id, version, created_at
FROM applications_before;

DROP TABLE applications_before;

CREATE INDEX applications_by_organiser ON applications (organiser_id ASC, state ASC, id ASC);

CREATE INDEX applications_by_provider ON applications (provider_id ASC, id ASC);

CREATE UNIQUE INDEX applications_open ON applications (unit_id ASC, voucher_type_id ASC) WHERE state IN ('draft', 'submitted');

CREATE TABLE decisions_before (
    id BLOB NOT NULL,
    organiser_id BLOB NOT NULL,
    kind TEXT NOT NULL,
    outcome TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    provider_id BLOB,
    person_id BLOB,
    rulebook_id BLOB,
    inputs TEXT NOT NULL,
    steps TEXT NOT NULL,
    reasons_fi TEXT NOT NULL,
    reasons_sv TEXT NOT NULL,
    reasons_en TEXT NOT NULL,
    appeal_fi TEXT NOT NULL,
    appeal_sv TEXT NOT NULL,
    appeal_en TEXT NOT NULL,
    decided_by TEXT NOT NULL,
    decided_at INTEGER NOT NULL
) STRICT;

INSERT INTO decisions_before (
    id, organiser_id, kind, outcome, subject_id, provider_id, person_id, rulebook_id, inputs, steps, reasons_fi,
    reasons_sv, reasons_en, appeal_fi, appeal_sv, appeal_en, decided_by, decided_at
)
SELECT id, organiser_id, kind, outcome, subject_id, provider_id, person_id, rulebook_id, inputs, steps, reasons_fi,
    reasons_sv, reasons_en, appeal_fi, appeal_sv, appeal_en, decided_by, decided_at
FROM decisions;

DROP TABLE decisions;

CREATE TABLE decisions (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    kind TEXT NOT NULL CHECK (kind IN ('adopt_rulebook', 'decide_application', 'grant_voucher', 'cancel_voucher')),
    outcome TEXT NOT NULL CHECK (outcome IN ('granted', 'refused')),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    provider_id BLOB CHECK (length(provider_id) = 16),
    person_id BLOB CHECK (length(person_id) = 16),
    rulebook_id BLOB CHECK (length(rulebook_id) = 16),
    inputs TEXT NOT NULL CHECK (length(inputs) BETWEEN 2 AND 524288),
    steps TEXT NOT NULL CHECK (length(steps) BETWEEN 2 AND 262144),
    reasons_fi TEXT NOT NULL CHECK (length(reasons_fi) BETWEEN 1 AND 4000),
    reasons_sv TEXT NOT NULL CHECK (length(reasons_sv) BETWEEN 1 AND 4000),
    reasons_en TEXT NOT NULL CHECK (length(reasons_en) BETWEEN 1 AND 4000),
    appeal_fi TEXT NOT NULL CHECK (length(appeal_fi) BETWEEN 1 AND 4000),
    appeal_sv TEXT NOT NULL CHECK (length(appeal_sv) BETWEEN 1 AND 4000),
    appeal_en TEXT NOT NULL CHECK (length(appeal_en) BETWEEN 1 AND 4000),
    decided_by TEXT NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 255),
    decided_at INTEGER NOT NULL
) STRICT;

INSERT INTO decisions (
    id, organiser_id, kind, outcome, subject_id, provider_id, person_id, rulebook_id, inputs, steps, reasons_fi,
    reasons_sv, reasons_en, appeal_fi, appeal_sv, appeal_en, decided_by, decided_at
)
SELECT id, organiser_id, kind, outcome, subject_id, provider_id, person_id, rulebook_id, inputs, steps, reasons_fi,
    reasons_sv, reasons_en, appeal_fi, appeal_sv, appeal_en, decided_by, decided_at
FROM decisions_before;

DROP TABLE decisions_before;

CREATE INDEX decisions_by_subject ON decisions (subject_id ASC, id ASC);

CREATE INDEX decisions_by_person ON decisions (person_id ASC, id ASC) WHERE person_id IS NOT NULL;

CREATE TRIGGER decisions_no_update BEFORE UPDATE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'append-only: decisions');
END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
BEGIN
    SELECT RAISE(ABORT, 'append-only: decisions');
END;
