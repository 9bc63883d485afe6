-- People, what they were granted, what they were told, what they chose, what they got, and who paid what of it.
-- Names, identity codes and contacts are sealed by the service; the key of a person is a keyed hash.

CREATE TABLE persons (
    id uuid PRIMARY KEY NOT NULL,
    key_hash bytea NOT NULL CHECK (length(key_hash) = 32),
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX persons_key_hash ON persons (key_hash ASC);

CREATE TABLE clients (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    person_id uuid NOT NULL REFERENCES persons (id),
    identity_code_sealed bytea NOT NULL CHECK (length(identity_code_sealed) BETWEEN 40 AND 400),
    name_sealed bytea NOT NULL CHECK (length(name_sealed) BETWEEN 40 AND 1000),
    contact_sealed bytea CHECK (length(contact_sealed) BETWEEN 40 AND 8000),
    municipality_code text NOT NULL CHECK (length(municipality_code) = 3) REFERENCES municipalities (code),
    language text NOT NULL CHECK (language IN ('fi', 'sv', 'en')),
    protected_address boolean NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX clients_organiser_person ON clients (organiser_id ASC, person_id ASC);

CREATE TABLE vouchers (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    client_id uuid NOT NULL REFERENCES clients (id),
    person_id uuid NOT NULL REFERENCES persons (id),
    voucher_type_id uuid NOT NULL REFERENCES voucher_types (id),
    rulebook_id uuid NOT NULL REFERENCES rulebooks (id),
    number text NOT NULL CHECK (length(number) = 19),
    state text NOT NULL CHECK (state IN ('offered', 'accepted', 'refused', 'chosen', 'in_use', 'used_up', 'cancelled')),
    value_minor bigint NOT NULL CHECK (value_minor BETWEEN 0 AND 1000000000),
    unit text NOT NULL CHECK (unit IN ('hour', 'visit', 'day', 'month', 'procedure', 'package')),
    quantity_e4 bigint NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    per text NOT NULL CHECK (per IN ('month', 'voucher')),
    free_of_charge boolean NOT NULL,
    valid_from date NOT NULL,
    valid_to date NOT NULL CHECK (valid_to > valid_from),
    directed_to text CHECK (length(directed_to) BETWEEN 2 AND 100000),
    cancel_reason text CHECK (length(cancel_reason) BETWEEN 1 AND 4000),
    decision_id uuid NOT NULL REFERENCES decisions (id),
    issued_at timestamptz NOT NULL,
    version bigint NOT NULL CHECK (version >= 1),
    CHECK ((state = 'refused') = (directed_to IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancel_reason IS NOT NULL))
);

CREATE UNIQUE INDEX vouchers_number ON vouchers (number ASC);

CREATE INDEX vouchers_by_person ON vouchers (person_id ASC, id ASC);

CREATE INDEX vouchers_by_client ON vouchers (client_id ASC, id ASC);

CREATE INDEX vouchers_by_organiser ON vouchers (organiser_id ASC, id ASC);

-- What was granted, to whom and by which decision stays; where the voucher stands can change.
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, number, value_minor, unit, quantity_e4, per, free_of_charge,
    decision_id
OR DELETE OR TRUNCATE ON vouchers
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a voucher grants, divided by period. The check is the last guard against overdrawing: no path gets past it.
CREATE TABLE allotments (
    id uuid PRIMARY KEY NOT NULL,
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    valid_from date NOT NULL,
    valid_to date NOT NULL CHECK (valid_to > valid_from),
    granted_e4 bigint NOT NULL CHECK (granted_e4 >= 0),
    used_e4 bigint NOT NULL CHECK (used_e4 >= 0),
    CONSTRAINT allotments_not_overdrawn CHECK (used_e4 <= granted_e4)
);

CREATE INDEX allotments_by_voucher ON allotments (voucher_id ASC, valid_from ASC);

CREATE FUNCTION allotments_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM allotments AS o
        WHERE o.id <> NEW.id AND o.voucher_id = NEW.voucher_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'check: allotments_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER allotments_no_overlap BEFORE INSERT OR UPDATE ON allotments
FOR EACH ROW EXECUTE FUNCTION allotments_no_overlap();

CREATE TABLE information_given (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    person_id uuid NOT NULL REFERENCES persons (id),
    version integer NOT NULL CHECK (version >= 1),
    channel text NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
    language text NOT NULL CHECK (language IN ('fi', 'sv', 'en')),
    content text NOT NULL CHECK (length(content) BETWEEN 2 AND 262144),
    given_to text NOT NULL CHECK (length(given_to) BETWEEN 1 AND 255),
    given_at timestamptz NOT NULL
);

CREATE INDEX information_given_by_voucher ON information_given (voucher_id ASC, id ASC);

CREATE TRIGGER information_given_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON information_given
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE choices (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    offering_id uuid NOT NULL REFERENCES offerings (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid NOT NULL REFERENCES service_units (id),
    sector text NOT NULL CHECK (sector IN ('public', 'company', 'ngo')),
    charging text NOT NULL CHECK (charging IN ('voucher', 'client_fee')),
    price_minor bigint CHECK (price_minor BETWEEN 0 AND 1000000000),
    client_fee_minor bigint CHECK (client_fee_minor BETWEEN 0 AND 1000000000),
    unit_cost_minor bigint CHECK (unit_cost_minor BETWEEN 0 AND 1000000000),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    chosen_by text NOT NULL CHECK (length(chosen_by) BETWEEN 1 AND 255),
    chosen_at timestamptz NOT NULL,
    CHECK ((charging = 'voucher') = (price_minor IS NOT NULL)),
    CHECK ((charging = 'client_fee') = (client_fee_minor IS NOT NULL AND unit_cost_minor IS NOT NULL))
);

CREATE UNIQUE INDEX choices_open ON choices (voucher_id ASC) WHERE valid_to IS NULL;

CREATE INDEX choices_by_voucher ON choices (voucher_id ASC, id ASC);

CREATE INDEX choices_by_provider ON choices (provider_id ASC, id ASC);

CREATE FUNCTION choices_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM choices AS o
        WHERE o.id <> NEW.id AND o.voucher_id = NEW.voucher_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'check: choices_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER choices_no_overlap BEFORE INSERT OR UPDATE ON choices
FOR EACH ROW EXECUTE FUNCTION choices_no_overlap();

-- What was agreed by a choice stays; only its end can still be set.
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from
OR DELETE OR TRUNCATE ON choices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE service_events (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    allotment_id uuid NOT NULL REFERENCES allotments (id),
    choice_id uuid NOT NULL REFERENCES choices (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid NOT NULL REFERENCES service_units (id),
    person_id uuid NOT NULL REFERENCES persons (id),
    rulebook_id uuid NOT NULL REFERENCES rulebooks (id),
    day date NOT NULL,
    quantity_e4 bigint NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    started_at timestamptz,
    ended_at timestamptz CHECK (ended_at > started_at),
    value_minor bigint NOT NULL CHECK (value_minor >= 0),
    charging text NOT NULL CHECK (charging IN ('voucher', 'client_fee')),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor bigint NOT NULL CHECK (organiser_pays_minor >= 0),
    co_payment_minor bigint NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor bigint NOT NULL CHECK (client_fee_minor >= 0),
    steps text NOT NULL CHECK (length(steps) BETWEEN 2 AND 65536),
    recorded_by text NOT NULL CHECK (length(recorded_by) BETWEEN 1 AND 255),
    recorded_at timestamptz NOT NULL,
    CHECK (charging = 'client_fee' OR total_minor = organiser_pays_minor + co_payment_minor),
    CHECK ((started_at IS NULL) = (ended_at IS NULL))
);

CREATE INDEX service_events_by_voucher ON service_events (voucher_id ASC, id ASC);

CREATE INDEX service_events_by_provider ON service_events (provider_id ASC, id ASC);

CREATE TRIGGER service_events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON service_events
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Every entry moves a quantity and an amount from one account to another, and so balances by itself.
CREATE TABLE ledger_entries (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    voucher_version bigint NOT NULL CHECK (voucher_version >= 1),
    line integer NOT NULL CHECK (line >= 0),
    allotment_id uuid REFERENCES allotments (id),
    service_event_id uuid REFERENCES service_events (id),
    decision_id uuid REFERENCES decisions (id),
    kind text NOT NULL CHECK (kind IN ('granted', 'used', 'organiser_share', 'co_payment', 'client_fee', 'returned')),
    from_account text NOT NULL CHECK (from_account IN ('organiser', 'available', 'used', 'client', 'provider')),
    to_account text NOT NULL CHECK (to_account IN ('organiser', 'available', 'used', 'client', 'provider')),
    quantity_e4 bigint NOT NULL CHECK (quantity_e4 >= 0),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    day date NOT NULL,
    at timestamptz NOT NULL,
    CHECK (from_account <> to_account)
);

CREATE UNIQUE INDEX ledger_entries_order ON ledger_entries (voucher_id ASC, voucher_version ASC, line ASC);

CREATE INDEX ledger_entries_by_event ON ledger_entries (service_event_id ASC) WHERE service_event_id IS NOT NULL;

CREATE TRIGGER ledger_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entries
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
