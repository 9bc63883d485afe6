-- Who pays, under what rules; who produces, where, and for what price. Whatever changes by day has valid_from and
-- valid_to (the first day on which it no longer holds); history is added to or closed, never overwritten.

CREATE TABLE installation (
    name text PRIMARY KEY NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    value text NOT NULL CHECK (length(value) BETWEEN 0 AND 4000)
);

-- One row: a number that grows with every change to what can be listed and chosen.
CREATE TABLE registry_revision (
    id integer PRIMARY KEY NOT NULL CHECK (id = 1),
    revision bigint NOT NULL CHECK (revision >= 0)
);

INSERT INTO registry_revision (id, revision) VALUES (1, 0);

CREATE TABLE municipalities (
    code text PRIMARY KEY NOT NULL CHECK (length(code) = 3),
    name_fi text NOT NULL CHECK (length(name_fi) BETWEEN 1 AND 200),
    name_sv text NOT NULL CHECK (length(name_sv) BETWEEN 1 AND 200),
    latitude_e6 integer NOT NULL CHECK (latitude_e6 BETWEEN -90000000 AND 90000000),
    longitude_e6 integer NOT NULL CHECK (longitude_e6 BETWEEN -180000000 AND 180000000)
);

CREATE TABLE organisers (
    id uuid PRIMARY KEY NOT NULL,
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    name_fi text NOT NULL CHECK (length(name_fi) BETWEEN 1 AND 200),
    name_sv text NOT NULL CHECK (length(name_sv) BETWEEN 1 AND 200),
    name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    business_id text NOT NULL CHECK (length(business_id) = 9),
    currency text NOT NULL CHECK (length(currency) = 3),
    time_zone text NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX organisers_code ON organisers (code ASC);

CREATE UNIQUE INDEX organisers_business_id ON organisers (business_id ASC);

CREATE TABLE organiser_municipalities (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    municipality_code text NOT NULL CHECK (length(municipality_code) = 3) REFERENCES municipalities (code),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from)
);

CREATE UNIQUE INDEX organiser_municipalities_open ON organiser_municipalities (municipality_code ASC) WHERE valid_to IS NULL;

CREATE FUNCTION organiser_municipalities_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM organiser_municipalities AS o
        WHERE o.id <> NEW.id AND o.municipality_code = NEW.municipality_code
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'check: organiser_municipalities_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER organiser_municipalities_no_overlap BEFORE INSERT OR UPDATE ON organiser_municipalities
FOR EACH ROW EXECUTE FUNCTION organiser_municipalities_no_overlap();

CREATE TABLE voucher_types (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    code text NOT NULL CHECK (length(code) BETWEEN 1 AND 64),
    name_fi text NOT NULL CHECK (length(name_fi) BETWEEN 1 AND 200),
    name_sv text NOT NULL CHECK (length(name_sv) BETWEEN 1 AND 200),
    name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 200),
    description_fi text NOT NULL CHECK (length(description_fi) BETWEEN 1 AND 4000),
    description_sv text NOT NULL CHECK (length(description_sv) BETWEEN 1 AND 4000),
    description_en text NOT NULL CHECK (length(description_en) BETWEEN 1 AND 4000),
    unit text NOT NULL CHECK (unit IN ('hour', 'visit', 'day', 'month', 'procedure', 'package')),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX voucher_types_code ON voucher_types (organiser_id ASC, code ASC);

-- Decisions are written once. A decision names what it is about by id only.
CREATE TABLE decisions (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    kind text NOT NULL CHECK (kind IN ('adopt_rulebook', 'decide_application', 'grant_voucher', 'cancel_voucher')),
    outcome text NOT NULL CHECK (outcome IN ('granted', 'refused')),
    subject_id uuid NOT NULL,
    provider_id uuid,
    person_id uuid,
    rulebook_id uuid,
    inputs text NOT NULL CHECK (length(inputs) BETWEEN 2 AND 524288),
    steps text NOT NULL CHECK (length(steps) BETWEEN 2 AND 262144),
    reasons_fi text NOT NULL CHECK (length(reasons_fi) BETWEEN 1 AND 4000),
    reasons_sv text NOT NULL CHECK (length(reasons_sv) BETWEEN 1 AND 4000),
    reasons_en text NOT NULL CHECK (length(reasons_en) BETWEEN 1 AND 4000),
    appeal_fi text NOT NULL CHECK (length(appeal_fi) BETWEEN 1 AND 4000),
    appeal_sv text NOT NULL CHECK (length(appeal_sv) BETWEEN 1 AND 4000),
    appeal_en text NOT NULL CHECK (length(appeal_en) BETWEEN 1 AND 4000),
    decided_by text NOT NULL CHECK (length(decided_by) BETWEEN 1 AND 255),
    decided_at timestamptz NOT NULL
);

CREATE INDEX decisions_by_subject ON decisions (subject_id ASC, id ASC);

CREATE INDEX decisions_by_person ON decisions (person_id ASC, id ASC) WHERE person_id IS NOT NULL;

CREATE TRIGGER decisions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE rulebooks (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_type_id uuid NOT NULL REFERENCES voucher_types (id),
    number integer NOT NULL CHECK (number >= 1),
    terms text NOT NULL CHECK (length(terms) BETWEEN 2 AND 262144),
    state text NOT NULL CHECK (state IN ('draft', 'adopted')),
    valid_from date,
    valid_to date CHECK (valid_to > valid_from),
    decision_id uuid REFERENCES decisions (id),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    CHECK ((state = 'adopted') = (valid_from IS NOT NULL)),
    CHECK ((state = 'adopted') = (decision_id IS NOT NULL))
);

CREATE UNIQUE INDEX rulebooks_number ON rulebooks (voucher_type_id ASC, number ASC);

CREATE UNIQUE INDEX rulebooks_open ON rulebooks (voucher_type_id ASC) WHERE state = 'adopted' AND valid_to IS NULL;

CREATE FUNCTION rulebooks_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM rulebooks AS o
        WHERE o.id <> NEW.id AND o.voucher_type_id = NEW.voucher_type_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to) AND o.state = 'adopted' AND NEW.state = 'adopted'
    ) THEN
        RAISE EXCEPTION 'check: rulebooks_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER rulebooks_no_overlap BEFORE INSERT OR UPDATE ON rulebooks
FOR EACH ROW EXECUTE FUNCTION rulebooks_no_overlap();

-- An adopted rulebook keeps its terms and its first day; only its end can still be set.
CREATE FUNCTION rulebooks_adopted_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.terms <> OLD.terms OR NEW.valid_from <> OLD.valid_from OR NEW.state <> 'adopted' THEN
        RAISE EXCEPTION 'append-only: rulebooks' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER rulebooks_adopted_is_final BEFORE UPDATE OR DELETE ON rulebooks
FOR EACH ROW WHEN (OLD.state = 'adopted') EXECUTE FUNCTION rulebooks_adopted_is_final();

CREATE TABLE providers (
    id uuid PRIMARY KEY NOT NULL,
    business_id text NOT NULL CHECK (length(business_id) = 9),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    email text CHECK (length(email) BETWEEN 1 AND 300),
    phone text CHECK (length(phone) BETWEEN 1 AND 300),
    website text CHECK (length(website) BETWEEN 1 AND 300),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX providers_business_id ON providers (business_id ASC);

CREATE TABLE provider_sectors (
    id uuid PRIMARY KEY NOT NULL,
    provider_id uuid NOT NULL REFERENCES providers (id),
    sector text NOT NULL CHECK (sector IN ('public', 'company', 'ngo')),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to > valid_from)
);

CREATE UNIQUE INDEX provider_sectors_open ON provider_sectors (provider_id ASC) WHERE valid_to IS NULL;

CREATE FUNCTION provider_sectors_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM provider_sectors AS o
        WHERE o.id <> NEW.id AND o.provider_id = NEW.provider_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'check: provider_sectors_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER provider_sectors_no_overlap BEFORE INSERT OR UPDATE ON provider_sectors
FOR EACH ROW EXECUTE FUNCTION provider_sectors_no_overlap();

CREATE TABLE provider_members (
    provider_id uuid NOT NULL REFERENCES providers (id),
    subject text NOT NULL CHECK (length(subject) BETWEEN 1 AND 255),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (provider_id, subject)
);

CREATE INDEX provider_members_by_subject ON provider_members (subject ASC);

CREATE TABLE service_units (
    id uuid PRIMARY KEY NOT NULL,
    provider_id uuid NOT NULL REFERENCES providers (id),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    oid text CHECK (length(oid) BETWEEN 1 AND 64),
    street_address text NOT NULL CHECK (length(street_address) BETWEEN 1 AND 300),
    postal_code text NOT NULL CHECK (length(postal_code) = 5),
    postal_place text NOT NULL CHECK (length(postal_place) BETWEEN 1 AND 200),
    municipality_code text NOT NULL CHECK (length(municipality_code) = 3) REFERENCES municipalities (code),
    latitude_e6 integer CHECK (latitude_e6 BETWEEN -90000000 AND 90000000),
    longitude_e6 integer CHECK (longitude_e6 BETWEEN -180000000 AND 180000000),
    languages text NOT NULL CHECK (length(languages) BETWEEN 2 AND 300),
    modes text NOT NULL CHECK (length(modes) BETWEEN 2 AND 300),
    service_area text NOT NULL CHECK (length(service_area) BETWEEN 2 AND 4000),
    step_free boolean,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    CHECK ((latitude_e6 IS NULL) = (longitude_e6 IS NULL))
);

CREATE INDEX service_units_by_provider ON service_units (provider_id ASC, id ASC);

CREATE UNIQUE INDEX service_units_oid ON service_units (oid ASC) WHERE oid IS NOT NULL;

CREATE TABLE applications (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid NOT NULL REFERENCES service_units (id),
    voucher_type_id uuid NOT NULL REFERENCES voucher_types (id),
    rulebook_id uuid NOT NULL REFERENCES rulebooks (id),
    state text NOT NULL CHECK (state IN ('draft', 'submitted', 'approved', 'rejected', 'withdrawn')),
    evidence text NOT NULL CHECK (length(evidence) BETWEEN 2 AND 65536),
    submitted_at timestamptz,
    submitted_by text CHECK (length(submitted_by) BETWEEN 1 AND 255),
    decision_id uuid REFERENCES decisions (id),
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL,
    CHECK ((state IN ('approved', 'rejected')) = (decision_id IS NOT NULL)),
    CHECK ((submitted_at IS NULL) = (submitted_by IS NULL))
);

CREATE INDEX applications_by_organiser ON applications (organiser_id ASC, state ASC, id ASC);

CREATE INDEX applications_by_provider ON applications (provider_id ASC, id ASC);

CREATE UNIQUE INDEX applications_open ON applications (unit_id ASC, voucher_type_id ASC) WHERE state IN ('draft', 'submitted');

CREATE TABLE approvals (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid NOT NULL REFERENCES service_units (id),
    voucher_type_id uuid NOT NULL REFERENCES voucher_types (id),
    application_id uuid NOT NULL REFERENCES applications (id),
    state text NOT NULL CHECK (state IN ('active', 'suspended', 'cancelled', 'ended')),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    decision_id uuid NOT NULL REFERENCES decisions (id),
    version bigint NOT NULL CHECK (version >= 1)
);

CREATE INDEX approvals_by_provider ON approvals (provider_id ASC, id ASC);

CREATE UNIQUE INDEX approvals_open ON approvals (unit_id ASC, voucher_type_id ASC) WHERE valid_to IS NULL;

CREATE FUNCTION approvals_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM approvals AS o
        WHERE o.id <> NEW.id AND o.unit_id = NEW.unit_id AND o.voucher_type_id = NEW.voucher_type_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'check: approvals_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER approvals_no_overlap BEFORE INSERT OR UPDATE ON approvals
FOR EACH ROW EXECUTE FUNCTION approvals_no_overlap();

CREATE TABLE offerings (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid NOT NULL REFERENCES service_units (id),
    voucher_type_id uuid NOT NULL REFERENCES voucher_types (id),
    accepts_new_clients boolean NOT NULL,
    earliest_start date,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX offerings_unit_type ON offerings (unit_id ASC, voucher_type_id ASC);

CREATE INDEX offerings_by_provider ON offerings (provider_id ASC, id ASC);

CREATE TABLE offering_prices (
    id uuid PRIMARY KEY NOT NULL,
    offering_id uuid NOT NULL REFERENCES offerings (id),
    charging text NOT NULL CHECK (charging IN ('voucher', 'client_fee')),
    price_minor bigint CHECK (price_minor BETWEEN 0 AND 1000000000),
    client_fee_minor bigint CHECK (client_fee_minor BETWEEN 0 AND 1000000000),
    unit_cost_minor bigint CHECK (unit_cost_minor BETWEEN 0 AND 1000000000),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    rulebook_id uuid NOT NULL REFERENCES rulebooks (id),
    created_by text NOT NULL CHECK (length(created_by) BETWEEN 1 AND 255),
    created_at timestamptz NOT NULL,
    CHECK ((charging = 'voucher') = (price_minor IS NOT NULL)),
    CHECK ((charging = 'client_fee') = (client_fee_minor IS NOT NULL AND unit_cost_minor IS NOT NULL))
);

CREATE UNIQUE INDEX offering_prices_open ON offering_prices (offering_id ASC) WHERE valid_to IS NULL;

CREATE FUNCTION offering_prices_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM offering_prices AS o
        WHERE o.id <> NEW.id AND o.offering_id = NEW.offering_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'check: offering_prices_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER offering_prices_no_overlap BEFORE INSERT OR UPDATE ON offering_prices
FOR EACH ROW EXECUTE FUNCTION offering_prices_no_overlap();

-- A price that was set stays what it was; only its end can still be set.
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from
OR DELETE OR TRUNCATE ON offering_prices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
