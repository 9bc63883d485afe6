-- The lives of providers, units, applications, approvals and offerings in the registry: evidence that is given once,
-- interruptions and measures, members' roles, versions of what is edited, and what changed with each revision.

-- Checks cannot be widened in place: the tables are copied and made anew under the same name. Rows that refer to them
-- are well again when what they refer to is put back, and the commit looks whether all are.
PRAGMA defer_foreign_keys = ON;

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
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    outcome TEXT NOT NULL CHECK (outcome IN ('granted', 'refused', 'imposed', 'dropped', 'lifted')),
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
    state TEXT NOT NULL CHECK (state IN ('draft', 'submitted', 'more_information', 'approved', 'rejected', 'withdrawn')),
    evidence TEXT NOT NULL CHECK (length(evidence) BETWEEN 2 AND 65536),
    submitted_at INTEGER,
    submitted_by TEXT CHECK (length(submitted_by) BETWEEN 1 AND 255),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    area TEXT NOT NULL DEFAULT '[]' CHECK (length(area) BETWEEN 2 AND 4000),
    submitted_sha256 TEXT CHECK (length(submitted_sha256) = 64),
    answer_due TEXT CHECK (length(answer_due) = 10),
    CHECK ((state IN ('approved', 'rejected')) = (decision_id IS NOT NULL)),
    CHECK ((submitted_at IS NULL) = (submitted_by IS NULL)),
    CHECK ((state = 'more_information') = (answer_due IS NOT NULL))
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

CREATE UNIQUE INDEX applications_open ON applications (unit_id ASC, voucher_type_id ASC) WHERE state IN ('draft', 'submitted', 'more_information');

DROP TRIGGER offering_prices_set_is_final;
DROP TRIGGER choices_agreed_is_final;

ALTER TABLE providers ADD COLUMN oid TEXT CHECK (length(oid) BETWEEN 1 AND 64);
ALTER TABLE providers ADD COLUMN languages TEXT NOT NULL DEFAULT '[]' CHECK (length(languages) BETWEEN 2 AND 300);
ALTER TABLE providers ADD COLUMN contacts BLOB CHECK (length(contacts) BETWEEN 1 AND 8192);
ALTER TABLE providers ADD COLUMN iban BLOB CHECK (length(iban) BETWEEN 1 AND 1024);

ALTER TABLE provider_members ADD COLUMN role TEXT NOT NULL DEFAULT 'admin' CHECK (role IN ('admin', 'clerk', 'worker'));
ALTER TABLE provider_members ADD COLUMN added_by TEXT CHECK (length(added_by) BETWEEN 1 AND 255);
ALTER TABLE provider_members ADD COLUMN added_for BLOB CHECK (length(added_for) = 16) REFERENCES organisers (id);

ALTER TABLE service_units ADD COLUMN accessibility TEXT NOT NULL DEFAULT '{}' CHECK (length(accessibility) BETWEEN 2 AND 4000);
ALTER TABLE service_units ADD COLUMN opening_hours TEXT NOT NULL DEFAULT '[]' CHECK (length(opening_hours) BETWEEN 2 AND 8000);
ALTER TABLE service_units ADD COLUMN soteri TEXT CHECK (length(soteri) BETWEEN 2 AND 4000);
ALTER TABLE service_units ADD COLUMN self_monitoring TEXT CHECK (length(self_monitoring) BETWEEN 2 AND 4000);
ALTER TABLE service_units ADD COLUMN closed_from TEXT CHECK (length(closed_from) = 10);

ALTER TABLE approvals ADD COLUMN area TEXT NOT NULL DEFAULT '[]' CHECK (length(area) BETWEEN 2 AND 4000);
ALTER TABLE approvals ADD COLUMN end_decision_id BLOB CHECK (length(end_decision_id) = 16) REFERENCES decisions (id);

ALTER TABLE offerings ADD COLUMN queue INTEGER CHECK (queue BETWEEN 0 AND 1000000);
ALTER TABLE offerings ADD COLUMN languages TEXT CHECK (length(languages) BETWEEN 2 AND 300);
ALTER TABLE offerings ADD COLUMN modes TEXT CHECK (length(modes) BETWEEN 2 AND 300);

ALTER TABLE offering_prices ADD COLUMN reason TEXT CHECK (length(reason) BETWEEN 1 AND 4000);
ALTER TABLE offering_prices ADD COLUMN only_items INTEGER NOT NULL DEFAULT 0 CHECK (only_items IN (0, 1));

ALTER TABLE choices ADD COLUMN only_items INTEGER NOT NULL DEFAULT 0 CHECK (only_items IN (0, 1));
-- When a decision ended it. What was served before that moment, on the day that it ends on, is owed.
ALTER TABLE choices ADD COLUMN ended_at INTEGER;

CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from, items, reason, only_items
ON offering_prices
BEGIN
    SELECT RAISE(ABORT, 'append-only: offering_prices');
END;
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from, items, only_items
ON choices
BEGIN
    SELECT RAISE(ABORT, 'append-only: choices');
END;

CREATE UNIQUE INDEX providers_oid ON providers (oid ASC) WHERE oid IS NOT NULL;

-- What a provider has handed in as a file. The file is kept sealed elsewhere, under the id.
CREATE TABLE attachments (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    media_type TEXT NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
    size_bytes INTEGER NOT NULL CHECK (size_bytes BETWEEN 1 AND 10485760),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    uploaded_by TEXT NOT NULL CHECK (length(uploaded_by) BETWEEN 1 AND 255),
    uploaded_at INTEGER NOT NULL
) STRICT;

CREATE INDEX attachments_by_provider ON attachments (provider_id ASC, id ASC);

-- What nothing shows may be taken away again: a file that was handed in by mistake.
CREATE TRIGGER attachments_no_update BEFORE UPDATE ON attachments
BEGIN
    SELECT RAISE(ABORT, 'append-only: attachments');
END;

-- What a provider states of a condition of approval, given once for every organiser. Renewed by another row, never edited.
CREATE TABLE evidence (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    unit_id BLOB CHECK (length(unit_id) = 16) REFERENCES service_units (id),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    requirement TEXT CHECK (length(requirement) BETWEEN 1 AND 64),
    reference TEXT NOT NULL CHECK (length(reference) BETWEEN 1 AND 300),
    issued_on TEXT CHECK (length(issued_on) = 10),
    valid_from TEXT CHECK (length(valid_from) = 10),
    valid_until TEXT CHECK (length(valid_until) = 10),
    soteri TEXT CHECK (length(soteri) BETWEEN 2 AND 4000),
    attachment_id BLOB CHECK (length(attachment_id) = 16) REFERENCES attachments (id),
    given_by TEXT NOT NULL CHECK (length(given_by) BETWEEN 1 AND 255),
    given_at INTEGER NOT NULL,
    withdrawn_by TEXT CHECK (length(withdrawn_by) BETWEEN 1 AND 255),
    withdrawn_at INTEGER,
    CHECK (valid_until >= valid_from),
    CHECK ((kind = 'other') = (requirement IS NOT NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
) STRICT;

CREATE INDEX evidence_by_provider ON evidence (provider_id ASC, id ASC);

CREATE INDEX evidence_by_expiry ON evidence (valid_until ASC) WHERE valid_until IS NOT NULL;

-- What was stated stays stated; it can only be taken back.
CREATE TRIGGER evidence_given_is_final BEFORE UPDATE OF
    provider_id, unit_id, kind, requirement, reference, issued_on, valid_from, valid_until, soteri, attachment_id, given_by, given_at
ON evidence
BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence');
END;
CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence
BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence');
END;

-- An organiser's own look at a piece of evidence: the latest one counts, from its day on.
CREATE TABLE evidence_checks (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    evidence_id BLOB NOT NULL CHECK (length(evidence_id) = 16) REFERENCES evidence (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('accepted', 'rejected')),
    day TEXT NOT NULL CHECK (length(day) = 10),
    note TEXT CHECK (length(note) BETWEEN 1 AND 4000),
    checked_by TEXT NOT NULL CHECK (length(checked_by) BETWEEN 1 AND 255),
    checked_at INTEGER NOT NULL
) STRICT;

CREATE INDEX evidence_checks_by_evidence ON evidence_checks (evidence_id ASC, organiser_id ASC, id ASC);

CREATE TRIGGER evidence_checks_no_update BEFORE UPDATE ON evidence_checks
BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence_checks');
END;
CREATE TRIGGER evidence_checks_no_delete BEFORE DELETE ON evidence_checks
BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence_checks');
END;

-- Which reminders of an expiry have been told.
CREATE TABLE evidence_reminders (
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    evidence_id BLOB NOT NULL CHECK (length(evidence_id) = 16) REFERENCES evidence (id),
    days_ahead INTEGER NOT NULL CHECK (days_ahead BETWEEN 0 AND 366),
    told_at INTEGER NOT NULL,
    PRIMARY KEY (organiser_id, evidence_id, days_ahead)
) STRICT;

CREATE TRIGGER evidence_reminders_no_update BEFORE UPDATE ON evidence_reminders
BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence_reminders');
END;
CREATE TRIGGER evidence_reminders_no_delete BEFORE DELETE ON evidence_reminders
BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence_reminders');
END;

-- What happened to an application, in order. What was handed in is kept word for word, with its hash.
CREATE TABLE application_events (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    application_id BLOB NOT NULL CHECK (length(application_id) = 16) REFERENCES applications (id),
    kind TEXT NOT NULL CHECK (kind IN ('submitted', 'information_requested', 'withdrawn', 'decided')),
    text TEXT CHECK (length(text) BETWEEN 1 AND 4000),
    due TEXT CHECK (length(due) = 10),
    requirements TEXT CHECK (length(requirements) BETWEEN 2 AND 8000),
    document TEXT CHECK (length(document) BETWEEN 2 AND 262144),
    sha256 TEXT CHECK (length(sha256) = 64),
    by TEXT NOT NULL CHECK (length(by) BETWEEN 1 AND 255),
    at INTEGER NOT NULL,
    CHECK ((document IS NULL) = (sha256 IS NULL))
) STRICT;

CREATE INDEX application_events_by_application ON application_events (application_id ASC, id ASC);

CREATE TRIGGER application_events_no_update BEFORE UPDATE ON application_events
BEGIN
    SELECT RAISE(ABORT, 'append-only: application_events');
END;
CREATE TRIGGER application_events_no_delete BEFORE DELETE ON application_events
BEGIN
    SELECT RAISE(ABORT, 'append-only: application_events');
END;

-- Days on which an approval takes no new choices: suspended by a decision, or because a condition is not shown to hold.
CREATE TABLE approval_interruptions (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    approval_id BLOB NOT NULL CHECK (length(approval_id) = 16) REFERENCES approvals (id),
    kind TEXT NOT NULL CHECK (kind IN ('suspended', 'lapsed')),
    requirement TEXT CHECK (length(requirement) BETWEEN 1 AND 64),
    vouchers_in_use TEXT NOT NULL CHECK (vouchers_in_use IN ('may_finish', 'must_move')),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to >= valid_from),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    end_decision_id BLOB CHECK (length(end_decision_id) = 16) REFERENCES decisions (id),
    told_at INTEGER,
    CHECK ((kind = 'suspended') = (decision_id IS NOT NULL)),
    CHECK ((kind = 'lapsed') = (requirement IS NOT NULL))
) STRICT;

CREATE INDEX approval_interruptions_by_approval ON approval_interruptions (approval_id ASC, valid_from ASC);

CREATE INDEX approval_interruptions_by_organiser ON approval_interruptions (organiser_id ASC, kind ASC, valid_from ASC);

-- What supervision has found, of bought and own production alike.
CREATE TABLE findings (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    unit_id BLOB CHECK (length(unit_id) = 16) REFERENCES service_units (id),
    subject TEXT NOT NULL CHECK (subject IN ('quality', 'safety', 'staff', 'records', 'pricing', 'reporting', 'accessibility', 'self_monitoring', 'other')),
    description TEXT NOT NULL CHECK (length(description) BETWEEN 1 AND 4000),
    found_on TEXT NOT NULL CHECK (length(found_on) = 10),
    deadline TEXT CHECK (length(deadline) = 10),
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
    answer TEXT CHECK (length(answer) BETWEEN 1 AND 4000),
    answered_by TEXT CHECK (length(answered_by) BETWEEN 1 AND 255),
    answered_at INTEGER,
    conclusion TEXT CHECK (length(conclusion) BETWEEN 1 AND 4000),
    closed_by TEXT CHECK (length(closed_by) BETWEEN 1 AND 255),
    closed_at INTEGER,
    created_by TEXT NOT NULL CHECK (length(created_by) BETWEEN 1 AND 255),
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    told_at INTEGER,
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((conclusion IS NULL) = (closed_at IS NULL))
) STRICT;

CREATE INDEX findings_by_organiser ON findings (organiser_id ASC, state ASC, id ASC);

CREATE INDEX findings_by_provider ON findings (provider_id ASC, id ASC);

-- Steps of the sanctions ladder, each with its hearing and its decision.
CREATE TABLE measures (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    approval_id BLOB NOT NULL CHECK (length(approval_id) = 16) REFERENCES approvals (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    finding_id BLOB CHECK (length(finding_id) = 16) REFERENCES findings (id),
    step TEXT NOT NULL CHECK (step IN ('notice', 'warning', 'suspension', 'cancellation')),
    grounds TEXT NOT NULL CHECK (grounds IN ('breach', 'conditions_lost', 'danger')),
    state TEXT NOT NULL CHECK (state IN ('hearing', 'imposed', 'dropped', 'withdrawn')),
    reasons_fi TEXT NOT NULL CHECK (length(reasons_fi) BETWEEN 1 AND 4000),
    reasons_sv TEXT NOT NULL CHECK (length(reasons_sv) BETWEEN 1 AND 4000),
    reasons_en TEXT NOT NULL CHECK (length(reasons_en) BETWEEN 1 AND 4000),
    hear_until TEXT NOT NULL CHECK (length(hear_until) = 10),
    reply TEXT CHECK (length(reply) BETWEEN 1 AND 4000),
    replied_by TEXT CHECK (length(replied_by) BETWEEN 1 AND 255),
    replied_at INTEGER,
    deadline TEXT CHECK (length(deadline) = 10),
    valid_from TEXT CHECK (length(valid_from) = 10),
    vouchers_in_use TEXT CHECK (vouchers_in_use IN ('may_finish', 'must_move')),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    opened_by TEXT NOT NULL CHECK (length(opened_by) BETWEEN 1 AND 255),
    opened_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to > valid_from),
    told_at INTEGER,
    lapsed TEXT NOT NULL DEFAULT '[]' CHECK (length(lapsed) BETWEEN 2 AND 8000),
    CHECK ((reply IS NULL) = (replied_at IS NULL)),
    CHECK (state NOT IN ('imposed', 'dropped') OR decision_id IS NOT NULL)
) STRICT;

CREATE INDEX measures_by_approval ON measures (approval_id ASC, id ASC);

CREATE INDEX measures_by_organiser ON measures (organiser_id ASC, state ASC, id ASC);

CREATE INDEX measures_by_provider ON measures (provider_id ASC, id ASC);

CREATE UNIQUE INDEX measures_open ON measures (approval_id ASC) WHERE state = 'hearing';

-- Changes of what two people must agree on.
CREATE TABLE provider_changes (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    field TEXT NOT NULL CHECK (field IN ('name', 'iban', 'sector')),
    value TEXT CHECK (length(value) BETWEEN 1 AND 200),
    sealed BLOB CHECK (length(sealed) BETWEEN 1 AND 1024),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused', 'withdrawn')),
    reason TEXT CHECK (length(reason) BETWEEN 1 AND 4000),
    proposed_by TEXT NOT NULL CHECK (length(proposed_by) BETWEEN 1 AND 255),
    proposed_at INTEGER NOT NULL,
    decided_by TEXT CHECK (length(decided_by) BETWEEN 1 AND 255),
    decided_for_id BLOB CHECK (length(decided_for_id) = 16) REFERENCES organisers (id),
    decided_at INTEGER,
    CHECK ((field = 'iban') = (sealed IS NOT NULL)),
    CHECK ((field = 'iban') = (value IS NULL)),
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CHECK (state <> 'confirmed' OR decided_by <> proposed_by)
) STRICT;

CREATE UNIQUE INDEX provider_changes_open ON provider_changes (provider_id ASC, field ASC) WHERE state = 'waiting';

CREATE INDEX provider_changes_by_provider ON provider_changes (provider_id ASC, id ASC);

-- Every version of what is edited in the registry, whole. The day is the world's (UTC).
CREATE TABLE registry_versions (
    subject_kind TEXT NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    version INTEGER NOT NULL CHECK (version >= 1),
    day TEXT NOT NULL CHECK (length(day) = 10),
    document TEXT NOT NULL CHECK (length(document) BETWEEN 2 AND 65536),
    by TEXT NOT NULL CHECK (length(by) BETWEEN 1 AND 255),
    organiser_id BLOB CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (subject_kind, subject_id, version)
) STRICT;

CREATE INDEX registry_versions_by_day ON registry_versions (subject_kind ASC, subject_id ASC, day ASC);

CREATE TRIGGER registry_versions_no_update BEFORE UPDATE ON registry_versions
BEGIN
    SELECT RAISE(ABORT, 'append-only: registry_versions');
END;
CREATE TRIGGER registry_versions_no_delete BEFORE DELETE ON registry_versions
BEGIN
    SELECT RAISE(ABORT, 'append-only: registry_versions');
END;

-- What changed with each revision of the registry, for those who mirror it.
CREATE TABLE registry_changes (
    revision INTEGER NOT NULL CHECK (revision >= 0),
    line INTEGER NOT NULL CHECK (line >= 0),
    subject_kind TEXT NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    organiser_id BLOB CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    at INTEGER NOT NULL,
    PRIMARY KEY (revision, line)
) STRICT;

CREATE TRIGGER registry_changes_no_update BEFORE UPDATE ON registry_changes
BEGIN
    SELECT RAISE(ABORT, 'append-only: registry_changes');
END;
CREATE TRIGGER registry_changes_no_delete BEFORE DELETE ON registry_changes
BEGIN
    SELECT RAISE(ABORT, 'append-only: registry_changes');
END;

-- What others call what they have brought in, or only point to (`linked`): an organiser's or provider's own ids, by kind.
CREATE TABLE source_ids (
    source_id BLOB NOT NULL CHECK (length(source_id) = 16),
    subject_kind TEXT NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    linked INTEGER NOT NULL CHECK (linked IN (0, 1)),
    at INTEGER NOT NULL,
    PRIMARY KEY (source_id, subject_kind, name)
) STRICT;

CREATE UNIQUE INDEX source_ids_subject ON source_ids (source_id ASC, subject_kind ASC, subject_id ASC);

CREATE INDEX source_ids_by_subject ON source_ids (subject_kind ASC, subject_id ASC);

CREATE INDEX approvals_by_organiser ON approvals (organiser_id ASC, id ASC);

CREATE INDEX choices_by_unit ON choices (unit_id ASC, id ASC);

-- The evidence of applications becomes the provider's own, looked at where the application was approved.
CREATE TABLE evidence_stated (
    id BLOB NOT NULL, application_id BLOB NOT NULL, requirement TEXT NOT NULL, reference TEXT NOT NULL, valid_until TEXT
) STRICT;
INSERT INTO evidence_stated (id, application_id, requirement, reference, valid_until)
SELECT randomblob(16), a.id, json_extract(e.value, '$.requirement'), json_extract(e.value, '$.reference'),
    json_extract(e.value, '$.valid_until')
FROM applications AS a, json_each(a.evidence) AS e;
INSERT INTO evidence (id, provider_id, unit_id, kind, requirement, reference, valid_until, given_by, given_at)
SELECT s.id, a.provider_id, a.unit_id, 'other', s.requirement, s.reference, s.valid_until,
    coalesce(a.submitted_by, 'migration'), coalesce(a.submitted_at, a.created_at)
FROM evidence_stated AS s JOIN applications AS a ON a.id = s.application_id;
INSERT INTO evidence_checks (id, organiser_id, evidence_id, outcome, day, checked_by, checked_at)
SELECT randomblob(16), a.organiser_id, s.id, 'accepted', date(d.decided_at / 1000000, 'unixepoch'), d.decided_by,
    d.decided_at
FROM evidence_stated AS s JOIN applications AS a ON a.id = s.application_id JOIN decisions AS d ON d.id = a.decision_id
WHERE a.state = 'approved';
INSERT INTO approval_interruptions (
    id, organiser_id, approval_id, kind, requirement, vouchers_in_use, valid_from
)
SELECT randomblob(16), a.organiser_id, a.id, 'lapsed', s.requirement, 'may_finish',
    max(date(s.valid_until, '+1 day'), a.valid_from)
FROM approvals AS a JOIN evidence_stated AS s ON s.application_id = a.application_id
WHERE s.valid_until IS NOT NULL AND EXISTS (
    SELECT 1 FROM rulebooks AS r, json_each(r.terms, '$.requirements') AS q
    WHERE r.voucher_type_id = a.voucher_type_id AND r.state = 'adopted'
        AND (r.valid_to IS NULL OR r.valid_to > date('now'))
        AND json_extract(q.value, '$.code') = s.requirement
);
DROP TABLE evidence_stated;
-- What rulebooks ask for by now besides, the service finds when it first looks.
INSERT INTO installation (name, value)
SELECT 'lapses_are_due', 'since migration' WHERE EXISTS (SELECT 1 FROM approvals)
ON CONFLICT DO NOTHING;

-- What there is, as its first version, and as a change that whoever mirrors the registry from the start is told.
INSERT INTO registry_versions (subject_kind, subject_id, version, day, document, by, at)
SELECT 'provider', id, version, date(created_at / 1000000, 'unixepoch'),
    json_object('name', name, 'email', email, 'phone', phone, 'website', website), 'migration', created_at
FROM providers;
INSERT INTO registry_versions (subject_kind, subject_id, version, day, document, by, at)
SELECT 'service_unit', id, version, date(created_at / 1000000, 'unixepoch'),
    json_object('name', name, 'oid', oid, 'street_address', street_address, 'postal_code', postal_code,
        'postal_place', postal_place, 'municipality', municipality_code, 'latitude_e6', latitude_e6,
        'longitude_e6', longitude_e6, 'languages', json(languages), 'modes', json(modes),
        'service_area', json(service_area),
        'step_free', json(CASE step_free WHEN 1 THEN 'true' WHEN 0 THEN 'false' ELSE 'null' END)),
    'migration', created_at
FROM service_units;
INSERT INTO registry_versions (subject_kind, subject_id, version, day, document, by, at)
SELECT 'offering', id, version, date(created_at / 1000000, 'unixepoch'),
    json_object('accepts_new_clients', json(CASE accepts_new_clients WHEN 1 THEN 'true' ELSE 'false' END),
        'earliest_start', earliest_start),
    'migration', created_at
FROM offerings;
INSERT INTO registry_changes (revision, line, subject_kind, subject_id, organiser_id, at)
SELECT r.revision, row_number() OVER (ORDER BY s.place, s.id) - 1, s.kind, s.id, s.organiser_id, s.at
FROM registry_revision AS r CROSS JOIN (
    SELECT 1 AS place, 'organiser' AS kind, id, id AS organiser_id, created_at AS at FROM organisers
    UNION ALL SELECT 2, 'voucher_type', id, organiser_id, created_at FROM voucher_types
    UNION ALL SELECT 3, 'rulebook', id, organiser_id, created_at FROM rulebooks WHERE state = 'adopted'
    UNION ALL SELECT 4, 'provider', id, NULL, created_at FROM providers
    UNION ALL SELECT 5, 'service_unit', id, NULL, created_at FROM service_units
    UNION ALL SELECT 6, 'approval', a.id, a.organiser_id, d.decided_at
        FROM approvals AS a JOIN decisions AS d ON d.id = a.decision_id
    UNION ALL SELECT 7, 'offering', id, organiser_id, created_at FROM offerings
) AS s;
