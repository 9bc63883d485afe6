-- Who pays, under what rules; who produces, where, and for what price. Whatever changes by day has valid_from and
-- valid_to (the first day on which it no longer holds); history is added to or closed, never overwritten.

CREATE TABLE installation (
    name TEXT PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    value TEXT NOT NULL CHECK (length(value) BETWEEN 0 AND 4000)
) STRICT;

-- One row: a number that grows with every change to what can be listed and chosen.
CREATE TABLE registry_revision (
    id INTEGER PRIMARY KEY NOT NULL CHECK (id = 1),
    revision INTEGER NOT NULL CHECK (revision >= 0)
) STRICT;

INSERT INTO registry_revision (id, revision) VALUES (1, 0);

CREATE TABLE municipalities (
    code TEXT PRIMARY KEY NOT NULL CHECK (length(code) = 3),
    name_fi TEXT NOT NULL CHECK (length(name_fi) BETWEEN 1 AND 200),
    name_sv TEXT NOT NULL CHECK (length(name_sv) BETWEEN 1 AND 200),
    latitude_e6 INTEGER NOT NULL CHECK (latitude_e6 BETWEEN -90000000 AND 90000000),
    longitude_e6 INTEGER NOT NULL CHECK (longitude_e6 BETWEEN -180000000 AND 180000000)
) STRICT;

CREATE TABLE organisers (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    name_fi TEXT NOT NULL CHECK (length(name_fi) BETWEEN 1 AND 200),
    name_sv TEXT NOT NULL CHECK (length(name_sv) BETWEEN 1 AND 200),
    name_en TEXT NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    business_id TEXT NOT NULL CHECK (length(business_id) = 9),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    time_zone TEXT NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX organisers_code ON organisers (code ASC);

CREATE UNIQUE INDEX organisers_business_id ON organisers (business_id ASC);

CREATE TABLE organiser_municipalities (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    municipality_code TEXT NOT NULL CHECK (length(municipality_code) = 3) REFERENCES municipalities (code),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to > valid_from)
) STRICT;

CREATE UNIQUE INDEX organiser_municipalities_open ON organiser_municipalities (municipality_code ASC) WHERE valid_to IS NULL;

CREATE TRIGGER organiser_municipalities_no_overlap_insert BEFORE INSERT ON organiser_municipalities
WHEN EXISTS (
        SELECT 1 FROM organiser_municipalities AS o
        WHERE o.id <> NEW.id AND o.municipality_code = NEW.municipality_code
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: organiser_municipalities_no_overlap');
END;
CREATE TRIGGER organiser_municipalities_no_overlap_update BEFORE UPDATE ON organiser_municipalities
WHEN EXISTS (
        SELECT 1 FROM organiser_municipalities AS o
        WHERE o.id <> NEW.id AND o.municipality_code = NEW.municipality_code
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: organiser_municipalities_no_overlap');
END;

CREATE TABLE voucher_types (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    code TEXT NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    name_fi TEXT NOT NULL CHECK (length(name_fi) BETWEEN 1 AND 200),
    name_sv TEXT NOT NULL CHECK (length(name_sv) BETWEEN 1 AND 200),
    name_en TEXT NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    description_fi TEXT NOT NULL CHECK (length(description_fi) BETWEEN 1 AND 4000),
    description_sv TEXT NOT NULL CHECK (length(description_sv) BETWEEN 1 AND 4000),
    description_en TEXT NOT NULL CHECK (length(description_en) BETWEEN 1 AND 4000),
    unit TEXT NOT NULL CHECK (unit IN ('hour', 'visit', 'day', 'month', 'procedure', 'package')),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX voucher_types_code ON voucher_types (organiser_id ASC, code ASC);

-- Decisions are written once. A decision names what it is about by id only.
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

CREATE TABLE rulebooks (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_type_id BLOB NOT NULL CHECK (length(voucher_type_id) = 16) REFERENCES voucher_types (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    terms TEXT NOT NULL CHECK (length(terms) BETWEEN 2 AND 262144),
    state TEXT NOT NULL CHECK (state IN ('draft', 'adopted')),
    valid_from TEXT CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to > valid_from),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    CHECK ((state = 'adopted') = (valid_from IS NOT NULL)),
    CHECK ((state = 'adopted') = (decision_id IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX rulebooks_number ON rulebooks (voucher_type_id ASC, number ASC);

CREATE UNIQUE INDEX rulebooks_open ON rulebooks (voucher_type_id ASC) WHERE state = 'adopted' AND valid_to IS NULL;

CREATE TRIGGER rulebooks_no_overlap_insert BEFORE INSERT ON rulebooks
WHEN EXISTS (
        SELECT 1 FROM rulebooks AS o
        WHERE o.id <> NEW.id AND o.voucher_type_id = NEW.voucher_type_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to) AND o.state = 'adopted' AND NEW.state = 'adopted'
)
BEGIN
    SELECT RAISE(ABORT, 'check: rulebooks_no_overlap');
END;
CREATE TRIGGER rulebooks_no_overlap_update BEFORE UPDATE ON rulebooks
WHEN EXISTS (
        SELECT 1 FROM rulebooks AS o
        WHERE o.id <> NEW.id AND o.voucher_type_id = NEW.voucher_type_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to) AND o.state = 'adopted' AND NEW.state = 'adopted'
)
BEGIN
    SELECT RAISE(ABORT, 'check: rulebooks_no_overlap');
END;

-- An adopted rulebook keeps its terms and its first day; only its end can still be set.
CREATE TRIGGER rulebooks_adopted_keeps BEFORE UPDATE ON rulebooks
WHEN OLD.state = 'adopted'
    AND (NEW.terms <> OLD.terms OR NEW.valid_from IS NOT OLD.valid_from OR NEW.state <> 'adopted')
BEGIN
    SELECT RAISE(ABORT, 'append-only: rulebooks');
END;
CREATE TRIGGER rulebooks_adopted_stays BEFORE DELETE ON rulebooks
WHEN OLD.state = 'adopted'
BEGIN
    SELECT RAISE(ABORT, 'append-only: rulebooks');
END;

CREATE TABLE providers (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    business_id TEXT NOT NULL CHECK (length(business_id) = 9),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email TEXT CHECK (length(email) BETWEEN 1 AND 300),
    phone TEXT CHECK (length(phone) BETWEEN 1 AND 300),
    website TEXT CHECK (length(website) BETWEEN 1 AND 300),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX providers_business_id ON providers (business_id ASC);

CREATE TABLE provider_sectors (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    sector TEXT NOT NULL CHECK (sector IN ('public', 'company', 'ngo')),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to > valid_from)
) STRICT;

CREATE UNIQUE INDEX provider_sectors_open ON provider_sectors (provider_id ASC) WHERE valid_to IS NULL;

CREATE TRIGGER provider_sectors_no_overlap_insert BEFORE INSERT ON provider_sectors
WHEN EXISTS (
        SELECT 1 FROM provider_sectors AS o
        WHERE o.id <> NEW.id AND o.provider_id = NEW.provider_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: provider_sectors_no_overlap');
END;
CREATE TRIGGER provider_sectors_no_overlap_update BEFORE UPDATE ON provider_sectors
WHEN EXISTS (
        SELECT 1 FROM provider_sectors AS o
        WHERE o.id <> NEW.id AND o.provider_id = NEW.provider_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: provider_sectors_no_overlap');
END;

CREATE TABLE provider_members (
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    subject TEXT NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (provider_id, subject)
) STRICT;

CREATE INDEX provider_members_by_subject ON provider_members (subject ASC);

CREATE TABLE service_units (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    oid TEXT CHECK (length(oid) BETWEEN 1 AND 64),
    street_address TEXT NOT NULL CHECK (length(street_address) BETWEEN 1 AND 300),
    postal_code TEXT NOT NULL CHECK (length(postal_code) = 5),
    postal_place TEXT NOT NULL CHECK (length(postal_place) BETWEEN 1 AND 200),
    municipality_code TEXT NOT NULL CHECK (length(municipality_code) = 3) REFERENCES municipalities (code),
    latitude_e6 INTEGER CHECK (latitude_e6 BETWEEN -90000000 AND 90000000),
    longitude_e6 INTEGER CHECK (longitude_e6 BETWEEN -180000000 AND 180000000),
    languages TEXT NOT NULL CHECK (length(languages) BETWEEN 2 AND 300),
    modes TEXT NOT NULL CHECK (length(modes) BETWEEN 2 AND 300),
    service_area TEXT NOT NULL CHECK (length(service_area) BETWEEN 2 AND 4000),
    step_free INTEGER CHECK (step_free IN (0, 1)),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL,
    CHECK ((latitude_e6 IS NULL) = (longitude_e6 IS NULL))
) STRICT;

CREATE INDEX service_units_by_provider ON service_units (provider_id ASC, id ASC);

CREATE UNIQUE INDEX service_units_oid ON service_units (oid ASC) WHERE oid IS NOT NULL;

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

CREATE INDEX applications_by_organiser ON applications (organiser_id ASC, state ASC, id ASC);

CREATE INDEX applications_by_provider ON applications (provider_id ASC, id ASC);

CREATE UNIQUE INDEX applications_open ON applications (unit_id ASC, voucher_type_id ASC) WHERE state IN ('draft', 'submitted');

CREATE TABLE approvals (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    unit_id BLOB NOT NULL CHECK (length(unit_id) = 16) REFERENCES service_units (id),
    voucher_type_id BLOB NOT NULL CHECK (length(voucher_type_id) = 16) REFERENCES voucher_types (id),
    application_id BLOB NOT NULL CHECK (length(application_id) = 16) REFERENCES applications (id),
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'cancelled', 'ended')),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to >= valid_from),
    decision_id BLOB NOT NULL CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    version INTEGER NOT NULL CHECK (version >= 1)
) STRICT;

CREATE INDEX approvals_by_provider ON approvals (provider_id ASC, id ASC);

CREATE UNIQUE INDEX approvals_open ON approvals (unit_id ASC, voucher_type_id ASC) WHERE valid_to IS NULL;

CREATE TRIGGER approvals_no_overlap_insert BEFORE INSERT ON approvals
WHEN EXISTS (
        SELECT 1 FROM approvals AS o
        WHERE o.id <> NEW.id AND o.unit_id = NEW.unit_id AND o.voucher_type_id = NEW.voucher_type_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: approvals_no_overlap');
END;
CREATE TRIGGER approvals_no_overlap_update BEFORE UPDATE ON approvals
WHEN EXISTS (
        SELECT 1 FROM approvals AS o
        WHERE o.id <> NEW.id AND o.unit_id = NEW.unit_id AND o.voucher_type_id = NEW.voucher_type_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: approvals_no_overlap');
END;

CREATE TABLE offerings (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    unit_id BLOB NOT NULL CHECK (length(unit_id) = 16) REFERENCES service_units (id),
    voucher_type_id BLOB NOT NULL CHECK (length(voucher_type_id) = 16) REFERENCES voucher_types (id),
    accepts_new_clients INTEGER NOT NULL CHECK (accepts_new_clients IN (0, 1)),
    earliest_start TEXT CHECK (length(earliest_start) = 10),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX offerings_unit_type ON offerings (unit_id ASC, voucher_type_id ASC);

CREATE INDEX offerings_by_provider ON offerings (provider_id ASC, id ASC);

CREATE TABLE offering_prices (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    offering_id BLOB NOT NULL CHECK (length(offering_id) = 16) REFERENCES offerings (id),
    charging TEXT NOT NULL CHECK (charging IN ('voucher', 'client_fee')),
    price_minor INTEGER CHECK (price_minor BETWEEN 0 AND 1000000000),
    client_fee_minor INTEGER CHECK (client_fee_minor BETWEEN 0 AND 1000000000),
    unit_cost_minor INTEGER CHECK (unit_cost_minor BETWEEN 0 AND 1000000000),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to >= valid_from),
    rulebook_id BLOB NOT NULL CHECK (length(rulebook_id) = 16) REFERENCES rulebooks (id),
    created_by TEXT NOT NULL CHECK (length(created_by) BETWEEN 1 AND 255),
    created_at INTEGER NOT NULL,
    CHECK ((charging = 'voucher') = (price_minor IS NOT NULL)),
    CHECK ((charging = 'client_fee') = (client_fee_minor IS NOT NULL AND unit_cost_minor IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX offering_prices_open ON offering_prices (offering_id ASC) WHERE valid_to IS NULL;

CREATE TRIGGER offering_prices_no_overlap_insert BEFORE INSERT ON offering_prices
WHEN EXISTS (
        SELECT 1 FROM offering_prices AS o
        WHERE o.id <> NEW.id AND o.offering_id = NEW.offering_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: offering_prices_no_overlap');
END;
CREATE TRIGGER offering_prices_no_overlap_update BEFORE UPDATE ON offering_prices
WHEN EXISTS (
        SELECT 1 FROM offering_prices AS o
        WHERE o.id <> NEW.id AND o.offering_id = NEW.offering_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: offering_prices_no_overlap');
END;

-- A price that was set stays what it was; only its end can still be set.
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from
ON offering_prices
BEGIN
    SELECT RAISE(ABORT, 'append-only: offering_prices');
END;
CREATE TRIGGER offering_prices_no_delete BEFORE DELETE ON offering_prices
BEGIN
    SELECT RAISE(ABORT, 'append-only: offering_prices');
END;
