-- The lives of providers, units, applications, approvals and offerings in the registry: evidence that is given once,
-- interruptions and measures, members' roles, versions of what is edited, and what changed with each revision.

ALTER TABLE decisions DROP CONSTRAINT decisions_kind_check;
ALTER TABLE decisions ADD CONSTRAINT decisions_kind_check CHECK (length(kind) BETWEEN 1 AND 64);
ALTER TABLE decisions DROP CONSTRAINT decisions_outcome_check;
ALTER TABLE decisions
    ADD CONSTRAINT decisions_outcome_check
        CHECK (outcome IN ('granted', 'refused', 'imposed', 'dropped', 'lifted'));

ALTER TABLE applications DROP CONSTRAINT applications_state_check;
ALTER TABLE applications
    ADD CONSTRAINT applications_state_check
        CHECK (state IN ('draft', 'submitted', 'more_information', 'approved', 'rejected', 'withdrawn')),
    ADD COLUMN area text NOT NULL DEFAULT '[]' CHECK (length(area) BETWEEN 2 AND 4000),
    ADD COLUMN submitted_sha256 text CHECK (length(submitted_sha256) = 64),
    ADD COLUMN answer_due date,
    ADD CONSTRAINT applications_answer_due_check CHECK ((state = 'more_information') = (answer_due IS NOT NULL));

DROP INDEX applications_open;
CREATE UNIQUE INDEX applications_open ON applications (unit_id ASC, voucher_type_id ASC)
    WHERE state IN ('draft', 'submitted', 'more_information');

DROP TRIGGER offering_prices_set_is_final ON offering_prices;
DROP TRIGGER choices_agreed_is_final ON choices;

ALTER TABLE providers
    ADD COLUMN oid text CHECK (length(oid) BETWEEN 1 AND 64),
    ADD COLUMN languages text NOT NULL DEFAULT '[]' CHECK (length(languages) BETWEEN 2 AND 300),
    ADD COLUMN contacts bytea CHECK (length(contacts) BETWEEN 1 AND 8192),
    ADD COLUMN iban bytea CHECK (length(iban) BETWEEN 1 AND 1024);

ALTER TABLE provider_members
    ADD COLUMN role text NOT NULL DEFAULT 'admin' CHECK (role IN ('admin', 'clerk', 'worker')),
    ADD COLUMN added_by text CHECK (length(added_by) BETWEEN 1 AND 255),
    ADD COLUMN added_for uuid REFERENCES organisers (id);

ALTER TABLE service_units
    ADD COLUMN accessibility text NOT NULL DEFAULT '{}' CHECK (length(accessibility) BETWEEN 2 AND 4000),
    ADD COLUMN opening_hours text NOT NULL DEFAULT '[]' CHECK (length(opening_hours) BETWEEN 2 AND 8000),
    ADD COLUMN soteri text CHECK (length(soteri) BETWEEN 2 AND 4000),
    ADD COLUMN self_monitoring text CHECK (length(self_monitoring) BETWEEN 2 AND 4000),
    ADD COLUMN closed_from date;

ALTER TABLE approvals
    ADD COLUMN area text NOT NULL DEFAULT '[]' CHECK (length(area) BETWEEN 2 AND 4000),
    ADD COLUMN end_decision_id uuid REFERENCES decisions (id);

ALTER TABLE offerings
    ADD COLUMN queue integer CHECK (queue BETWEEN 0 AND 1000000),
    ADD COLUMN languages text CHECK (length(languages) BETWEEN 2 AND 300),
    ADD COLUMN modes text CHECK (length(modes) BETWEEN 2 AND 300);

ALTER TABLE offering_prices
    ADD COLUMN reason text CHECK (length(reason) BETWEEN 1 AND 4000),
    ADD COLUMN only_items boolean NOT NULL DEFAULT false;

-- When a decision ended it. What was served before that moment, on the day that it ends on, is owed.
ALTER TABLE choices
    ADD COLUMN only_items boolean NOT NULL DEFAULT false,
    ADD COLUMN ended_at timestamptz;

CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from, items, reason, only_items
OR DELETE OR TRUNCATE ON offering_prices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from, items, only_items
OR DELETE OR TRUNCATE ON choices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE UNIQUE INDEX providers_oid ON providers (oid ASC) WHERE oid IS NOT NULL;

-- What a provider has handed in as a file. The file is kept sealed elsewhere, under the id.
CREATE TABLE attachments (
    id uuid PRIMARY KEY NOT NULL,
    provider_id uuid NOT NULL REFERENCES providers (id),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
    size_bytes bigint NOT NULL CHECK (size_bytes BETWEEN 1 AND 10485760),
    sha256 text NOT NULL CHECK (length(sha256) = 64),
    uploaded_by text NOT NULL CHECK (length(uploaded_by) BETWEEN 1 AND 255),
    uploaded_at timestamptz NOT NULL
);

CREATE INDEX attachments_by_provider ON attachments (provider_id ASC, id ASC);

-- What nothing shows may be taken away again: a file that was handed in by mistake.
CREATE TRIGGER attachments_append_only BEFORE UPDATE OR TRUNCATE ON attachments
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a provider states of a condition of approval, given once for every organiser. Renewed by another row, never edited.
CREATE TABLE evidence (
    id uuid PRIMARY KEY NOT NULL,
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid REFERENCES service_units (id),
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    requirement text CHECK (length(requirement) BETWEEN 1 AND 64),
    reference text NOT NULL CHECK (length(reference) BETWEEN 1 AND 300),
    issued_on date,
    valid_from date,
    valid_until date,
    soteri text CHECK (length(soteri) BETWEEN 2 AND 4000),
    attachment_id uuid REFERENCES attachments (id),
    given_by text NOT NULL CHECK (length(given_by) BETWEEN 1 AND 255),
    given_at timestamptz NOT NULL,
    withdrawn_by text CHECK (length(withdrawn_by) BETWEEN 1 AND 255),
    withdrawn_at timestamptz,
    CHECK (valid_until >= valid_from),
    CHECK ((kind = 'other') = (requirement IS NOT NULL)),
    CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL))
);

CREATE INDEX evidence_by_provider ON evidence (provider_id ASC, id ASC);

CREATE INDEX evidence_by_expiry ON evidence (valid_until ASC) WHERE valid_until IS NOT NULL;

-- What was stated stays stated; it can only be taken back.
CREATE TRIGGER evidence_given_is_final BEFORE UPDATE OF
    provider_id, unit_id, kind, requirement, reference, issued_on, valid_from, valid_until, soteri, attachment_id, given_by, given_at
OR DELETE OR TRUNCATE ON evidence
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- An organiser's own look at a piece of evidence: the latest one counts, from its day on.
CREATE TABLE evidence_checks (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    evidence_id uuid NOT NULL REFERENCES evidence (id),
    outcome text NOT NULL CHECK (outcome IN ('accepted', 'rejected')),
    day date NOT NULL,
    note text CHECK (length(note) BETWEEN 1 AND 4000),
    checked_by text NOT NULL CHECK (length(checked_by) BETWEEN 1 AND 255),
    checked_at timestamptz NOT NULL
);

CREATE INDEX evidence_checks_by_evidence ON evidence_checks (evidence_id ASC, organiser_id ASC, id ASC);

CREATE TRIGGER evidence_checks_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_checks
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Which reminders of an expiry have been told.
CREATE TABLE evidence_reminders (
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    evidence_id uuid NOT NULL REFERENCES evidence (id),
    days_ahead integer NOT NULL CHECK (days_ahead BETWEEN 0 AND 366),
    told_at timestamptz NOT NULL,
    PRIMARY KEY (organiser_id, evidence_id, days_ahead)
);

CREATE TRIGGER evidence_reminders_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_reminders
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What happened to an application, in order. What was handed in is kept word for word, with its hash.
CREATE TABLE application_events (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    application_id uuid NOT NULL REFERENCES applications (id),
    kind text NOT NULL CHECK (kind IN ('submitted', 'information_requested', 'withdrawn', 'decided')),
    text text CHECK (length(text) BETWEEN 1 AND 4000),
    due date,
    requirements text CHECK (length(requirements) BETWEEN 2 AND 8000),
    document text CHECK (length(document) BETWEEN 2 AND 262144),
    sha256 text CHECK (length(sha256) = 64),
    by text NOT NULL CHECK (length(by) BETWEEN 1 AND 255),
    at timestamptz NOT NULL,
    CHECK ((document IS NULL) = (sha256 IS NULL))
);

CREATE INDEX application_events_by_application ON application_events (application_id ASC, id ASC);

CREATE TRIGGER application_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON application_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Days on which an approval takes no new choices: suspended by a decision, or because a condition is not shown to hold.
CREATE TABLE approval_interruptions (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    approval_id uuid NOT NULL REFERENCES approvals (id),
    kind text NOT NULL CHECK (kind IN ('suspended', 'lapsed')),
    requirement text CHECK (length(requirement) BETWEEN 1 AND 64),
    vouchers_in_use text NOT NULL CHECK (vouchers_in_use IN ('may_finish', 'must_move')),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    decision_id uuid REFERENCES decisions (id),
    end_decision_id uuid REFERENCES decisions (id),
    told_at timestamptz,
    CHECK ((kind = 'suspended') = (decision_id IS NOT NULL)),
    CHECK ((kind = 'lapsed') = (requirement IS NOT NULL))
);

CREATE INDEX approval_interruptions_by_approval ON approval_interruptions (approval_id ASC, valid_from ASC);

CREATE INDEX approval_interruptions_by_organiser ON approval_interruptions (organiser_id ASC, kind ASC, valid_from ASC);

-- What supervision has found, of bought and own production alike.
CREATE TABLE findings (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid REFERENCES service_units (id),
    subject text NOT NULL CHECK (subject IN ('quality', 'safety', 'staff', 'records', 'pricing', 'reporting', 'accessibility', 'self_monitoring', 'other')),
    description text NOT NULL CHECK (length(description) BETWEEN 1 AND 4000),
    found_on date NOT NULL,
    deadline date,
    state text NOT NULL CHECK (state IN ('open', 'answered', 'closed')),
    answer text CHECK (length(answer) BETWEEN 1 AND 4000),
    answered_by text CHECK (length(answered_by) BETWEEN 1 AND 255),
    answered_at timestamptz,
    conclusion text CHECK (length(conclusion) BETWEEN 1 AND 4000),
    closed_by text CHECK (length(closed_by) BETWEEN 1 AND 255),
    closed_at timestamptz,
    created_by text NOT NULL CHECK (length(created_by) BETWEEN 1 AND 255),
    created_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    told_at timestamptz,
    CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK ((conclusion IS NULL) = (closed_at IS NULL))
);

CREATE INDEX findings_by_organiser ON findings (organiser_id ASC, state ASC, id ASC);

CREATE INDEX findings_by_provider ON findings (provider_id ASC, id ASC);

-- Steps of the sanctions ladder, each with its hearing and its decision.
CREATE TABLE measures (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    approval_id uuid NOT NULL REFERENCES approvals (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    finding_id uuid REFERENCES findings (id),
    step text NOT NULL CHECK (step IN ('notice', 'warning', 'suspension', 'cancellation')),
    grounds text NOT NULL CHECK (grounds IN ('breach', 'conditions_lost', 'danger')),
    state text NOT NULL CHECK (state IN ('hearing', 'imposed', 'dropped', 'withdrawn')),
    reasons_fi text NOT NULL CHECK (length(reasons_fi) BETWEEN 1 AND 4000),
    reasons_sv text NOT NULL CHECK (length(reasons_sv) BETWEEN 1 AND 4000),
    reasons_en text NOT NULL CHECK (length(reasons_en) BETWEEN 1 AND 4000),
    hear_until date NOT NULL,
    reply text CHECK (length(reply) BETWEEN 1 AND 4000),
    replied_by text CHECK (length(replied_by) BETWEEN 1 AND 255),
    replied_at timestamptz,
    deadline date,
    valid_from date,
    vouchers_in_use text CHECK (vouchers_in_use IN ('may_finish', 'must_move')),
    decision_id uuid REFERENCES decisions (id),
    opened_by text NOT NULL CHECK (length(opened_by) BETWEEN 1 AND 255),
    opened_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    valid_to date CHECK (valid_to > valid_from),
    told_at timestamptz,
    lapsed text NOT NULL DEFAULT '[]' CHECK (length(lapsed) BETWEEN 2 AND 8000),
    CHECK ((reply IS NULL) = (replied_at IS NULL)),
    CHECK (state NOT IN ('imposed', 'dropped') OR decision_id IS NOT NULL)
);

CREATE INDEX measures_by_approval ON measures (approval_id ASC, id ASC);

CREATE INDEX measures_by_organiser ON measures (organiser_id ASC, state ASC, id ASC);

CREATE INDEX measures_by_provider ON measures (provider_id ASC, id ASC);

CREATE UNIQUE INDEX measures_open ON measures (approval_id ASC) WHERE state = 'hearing';

-- Changes of what two people must agree on.
CREATE TABLE provider_changes (
    id uuid PRIMARY KEY NOT NULL,
    provider_id uuid NOT NULL REFERENCES providers (id),
    field text NOT NULL CHECK (field IN ('name', 'iban', 'sector')),
    value text CHECK (length(value) BETWEEN 1 AND 200),
    sealed bytea CHECK (length(sealed) BETWEEN 1 AND 1024),
    valid_from date NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused', 'withdrawn')),
    reason text CHECK (length(reason) BETWEEN 1 AND 4000),
    proposed_by text NOT NULL CHECK (length(proposed_by) BETWEEN 1 AND 255),
    proposed_at timestamptz NOT NULL,
    decided_by text CHECK (length(decided_by) BETWEEN 1 AND 255),
    decided_for_id uuid REFERENCES organisers (id),
    decided_at timestamptz,
    CHECK ((field = 'iban') = (sealed IS NOT NULL)),
    CHECK ((field = 'iban') = (value IS NULL)),
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK ((decided_at IS NULL) = (decided_by IS NULL)),
    CHECK (state <> 'confirmed' OR decided_by <> proposed_by)
);

CREATE UNIQUE INDEX provider_changes_open ON provider_changes (provider_id ASC, field ASC) WHERE state = 'waiting';

CREATE INDEX provider_changes_by_provider ON provider_changes (provider_id ASC, id ASC);

-- Every version of what is edited in the registry, whole. The day is the world's (UTC).
CREATE TABLE registry_versions (
    subject_kind text NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    day date NOT NULL,
    document text NOT NULL CHECK (length(document) BETWEEN 2 AND 65536),
    by text NOT NULL CHECK (length(by) BETWEEN 1 AND 255),
    organiser_id uuid REFERENCES organisers (id),
    at timestamptz NOT NULL,
    PRIMARY KEY (subject_kind, subject_id, version)
);

CREATE INDEX registry_versions_by_day ON registry_versions (subject_kind ASC, subject_id ASC, day ASC);

CREATE TRIGGER registry_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON registry_versions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What changed with each revision of the registry, for those who mirror it.
CREATE TABLE registry_changes (
    revision bigint NOT NULL CHECK (revision >= 0),
    line integer NOT NULL CHECK (line >= 0),
    subject_kind text NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id uuid NOT NULL,
    organiser_id uuid REFERENCES organisers (id),
    at timestamptz NOT NULL,
    PRIMARY KEY (revision, line)
);

CREATE TRIGGER registry_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON registry_changes
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What others call what they have brought in, or only point to (`linked`): an organiser's or provider's own ids, by kind.
CREATE TABLE source_ids (
    source_id uuid NOT NULL,
    subject_kind text NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    subject_id uuid NOT NULL,
    linked boolean NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (source_id, subject_kind, name)
);

CREATE UNIQUE INDEX source_ids_subject ON source_ids (source_id ASC, subject_kind ASC, subject_id ASC);

CREATE INDEX source_ids_by_subject ON source_ids (subject_kind ASC, subject_id ASC);

CREATE INDEX approvals_by_organiser ON approvals (organiser_id ASC, id ASC);

CREATE INDEX choices_by_unit ON choices (unit_id ASC, id ASC);

-- The evidence of applications becomes the provider's own, looked at where the application was approved.
CREATE TABLE evidence_stated (
    id uuid NOT NULL, application_id uuid NOT NULL, requirement text NOT NULL, reference text NOT NULL, valid_until date
);
INSERT INTO evidence_stated (id, application_id, requirement, reference, valid_until)
SELECT gen_random_uuid(), a.id, e.value ->> 'requirement', e.value ->> 'reference', (e.value ->> 'valid_until')::date
FROM applications AS a CROSS JOIN LATERAL json_array_elements(a.evidence::json) AS e (value);
INSERT INTO evidence (id, provider_id, unit_id, kind, requirement, reference, valid_until, given_by, given_at)
SELECT s.id, a.provider_id, a.unit_id, 'other', s.requirement, s.reference, s.valid_until,
    coalesce(a.submitted_by, 'migration'), coalesce(a.submitted_at, a.created_at)
FROM evidence_stated AS s JOIN applications AS a ON a.id = s.application_id;
INSERT INTO evidence_checks (id, organiser_id, evidence_id, outcome, day, checked_by, checked_at)
SELECT gen_random_uuid(), a.organiser_id, s.id, 'accepted', (d.decided_at AT TIME ZONE 'UTC')::date, d.decided_by,
    d.decided_at
FROM evidence_stated AS s JOIN applications AS a ON a.id = s.application_id JOIN decisions AS d ON d.id = a.decision_id
WHERE a.state = 'approved';
INSERT INTO approval_interruptions (
    id, organiser_id, approval_id, kind, requirement, vouchers_in_use, valid_from
)
SELECT gen_random_uuid(), a.organiser_id, a.id, 'lapsed', s.requirement, 'may_finish',
    greatest(s.valid_until + 1, a.valid_from)
FROM approvals AS a JOIN evidence_stated AS s ON s.application_id = a.application_id
WHERE s.valid_until IS NOT NULL AND EXISTS (
    SELECT 1 FROM rulebooks AS r CROSS JOIN LATERAL json_array_elements(r.terms::json -> 'requirements') AS q (value)
    WHERE r.voucher_type_id = a.voucher_type_id AND r.state = 'adopted'
        AND (r.valid_to IS NULL OR r.valid_to > current_date)
        AND q.value ->> 'code' = s.requirement
);
DROP TABLE evidence_stated;
-- What rulebooks ask for by now besides, the service finds when it first looks.
INSERT INTO installation (name, value)
SELECT 'lapses_are_due', 'since migration' WHERE EXISTS (SELECT 1 FROM approvals)
ON CONFLICT DO NOTHING;

-- What there is, as its first version, and as a change that whoever mirrors the registry from the start is told.
INSERT INTO registry_versions (subject_kind, subject_id, version, day, document, by, at)
SELECT 'provider', id, version, (created_at AT TIME ZONE 'UTC')::date,
    json_build_object('name', name, 'email', email, 'phone', phone, 'website', website)::text, 'migration', created_at
FROM providers;
INSERT INTO registry_versions (subject_kind, subject_id, version, day, document, by, at)
SELECT 'service_unit', id, version, (created_at AT TIME ZONE 'UTC')::date,
    json_build_object('name', name, 'oid', oid, 'street_address', street_address, 'postal_code', postal_code,
        'postal_place', postal_place, 'municipality', municipality_code, 'latitude_e6', latitude_e6,
        'longitude_e6', longitude_e6, 'languages', languages::json, 'modes', modes::json,
        'service_area', service_area::json, 'step_free', step_free)::text,
    'migration', created_at
FROM service_units;
INSERT INTO registry_versions (subject_kind, subject_id, version, day, document, by, at)
SELECT 'offering', id, version, (created_at AT TIME ZONE 'UTC')::date,
    json_build_object('accepts_new_clients', accepts_new_clients, 'earliest_start', earliest_start)::text,
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
