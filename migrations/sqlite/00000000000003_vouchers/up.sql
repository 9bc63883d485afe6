-- People, what they were granted, what they were told, what they chose, what they got, and who paid what of it.
-- Names, identity codes and contacts are sealed by the service; the key of a person is a keyed hash.

CREATE TABLE persons (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    key_hash BLOB NOT NULL CHECK (length(key_hash) = 32),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX persons_key_hash ON persons (key_hash ASC);

CREATE TABLE clients (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    person_id BLOB NOT NULL CHECK (length(person_id) = 16) REFERENCES persons (id),
    identity_code_sealed BLOB NOT NULL CHECK (length(identity_code_sealed) BETWEEN 40 AND 400),
    name_sealed BLOB NOT NULL CHECK (length(name_sealed) BETWEEN 40 AND 1000),
    contact_sealed BLOB CHECK (length(contact_sealed) BETWEEN 40 AND 8000),
    municipality_code TEXT NOT NULL CHECK (length(municipality_code) = 3) REFERENCES municipalities (code),
    language TEXT NOT NULL CHECK (language IN ('fi', 'sv', 'en')),
    protected_address INTEGER NOT NULL CHECK (protected_address IN (0, 1)),
    version INTEGER NOT NULL CHECK (version >= 1),
    created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX clients_organiser_person ON clients (organiser_id ASC, person_id ASC);

CREATE TABLE vouchers (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    client_id BLOB NOT NULL CHECK (length(client_id) = 16) REFERENCES clients (id),
    person_id BLOB NOT NULL CHECK (length(person_id) = 16) REFERENCES persons (id),
    voucher_type_id BLOB NOT NULL CHECK (length(voucher_type_id) = 16) REFERENCES voucher_types (id),
    rulebook_id BLOB NOT NULL CHECK (length(rulebook_id) = 16) REFERENCES rulebooks (id),
    number TEXT NOT NULL CHECK (length(number) = 19),
    state TEXT NOT NULL CHECK (state IN ('offered', 'accepted', 'refused', 'chosen', 'in_use', 'used_up', 'cancelled')),
    value_minor INTEGER NOT NULL CHECK (value_minor BETWEEN 0 AND 1000000000),
    unit TEXT NOT NULL CHECK (unit IN ('hour', 'visit', 'day', 'month', 'procedure', 'package')),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    per TEXT NOT NULL CHECK (per IN ('month', 'voucher')),
    free_of_charge INTEGER NOT NULL CHECK (free_of_charge IN (0, 1)),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT NOT NULL CHECK (length(valid_to) = 10) CHECK (valid_to > valid_from),
    directed_to TEXT CHECK (length(directed_to) BETWEEN 2 AND 100000),
    cancel_reason TEXT CHECK (length(cancel_reason) BETWEEN 1 AND 4000),
    decision_id BLOB NOT NULL CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    issued_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK ((state = 'refused') = (directed_to IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancel_reason IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX vouchers_number ON vouchers (number ASC);

CREATE INDEX vouchers_by_person ON vouchers (person_id ASC, id ASC);

CREATE INDEX vouchers_by_client ON vouchers (client_id ASC, id ASC);

CREATE INDEX vouchers_by_organiser ON vouchers (organiser_id ASC, id ASC);

-- What was granted, to whom and by which decision stays; where the voucher stands can change.
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, number, value_minor, unit, quantity_e4, per, free_of_charge,
    decision_id
ON vouchers
BEGIN
    SELECT RAISE(ABORT, 'append-only: vouchers');
END;
CREATE TRIGGER vouchers_no_delete BEFORE DELETE ON vouchers
BEGIN
    SELECT RAISE(ABORT, 'append-only: vouchers');
END;

-- What a voucher grants, divided by period. The check is the last guard against overdrawing: no path gets past it.
CREATE TABLE allotments (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT NOT NULL CHECK (length(valid_to) = 10) CHECK (valid_to > valid_from),
    granted_e4 INTEGER NOT NULL CHECK (granted_e4 >= 0),
    used_e4 INTEGER NOT NULL CHECK (used_e4 >= 0),
    CONSTRAINT allotments_not_overdrawn CHECK (used_e4 <= granted_e4)
) STRICT;

CREATE INDEX allotments_by_voucher ON allotments (voucher_id ASC, valid_from ASC);

CREATE TRIGGER allotments_no_overlap_insert BEFORE INSERT ON allotments
WHEN EXISTS (
        SELECT 1 FROM allotments AS o
        WHERE o.id <> NEW.id AND o.voucher_id = NEW.voucher_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: allotments_no_overlap');
END;
CREATE TRIGGER allotments_no_overlap_update BEFORE UPDATE ON allotments
WHEN EXISTS (
        SELECT 1 FROM allotments AS o
        WHERE o.id <> NEW.id AND o.voucher_id = NEW.voucher_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: allotments_no_overlap');
END;

CREATE TABLE information_given (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    person_id BLOB NOT NULL CHECK (length(person_id) = 16) REFERENCES persons (id),
    version INTEGER NOT NULL CHECK (version >= 1),
    channel TEXT NOT NULL CHECK (length(channel) BETWEEN 1 AND 64),
    language TEXT NOT NULL CHECK (language IN ('fi', 'sv', 'en')),
    content TEXT NOT NULL CHECK (length(content) BETWEEN 2 AND 262144),
    given_to TEXT NOT NULL CHECK (length(given_to) BETWEEN 1 AND 255),
    given_at INTEGER NOT NULL
) STRICT;

CREATE INDEX information_given_by_voucher ON information_given (voucher_id ASC, id ASC);

CREATE TRIGGER information_given_no_update BEFORE UPDATE ON information_given
BEGIN
    SELECT RAISE(ABORT, 'append-only: information_given');
END;
CREATE TRIGGER information_given_no_delete BEFORE DELETE ON information_given
BEGIN
    SELECT RAISE(ABORT, 'append-only: information_given');
END;

CREATE TABLE choices (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    offering_id BLOB NOT NULL CHECK (length(offering_id) = 16) REFERENCES offerings (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    unit_id BLOB NOT NULL CHECK (length(unit_id) = 16) REFERENCES service_units (id),
    sector TEXT NOT NULL CHECK (sector IN ('public', 'company', 'ngo')),
    charging TEXT NOT NULL CHECK (charging IN ('voucher', 'client_fee')),
    price_minor INTEGER CHECK (price_minor BETWEEN 0 AND 1000000000),
    client_fee_minor INTEGER CHECK (client_fee_minor BETWEEN 0 AND 1000000000),
    unit_cost_minor INTEGER CHECK (unit_cost_minor BETWEEN 0 AND 1000000000),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT CHECK (length(valid_to) = 10) CHECK (valid_to >= valid_from),
    chosen_by TEXT NOT NULL CHECK (length(chosen_by) BETWEEN 1 AND 255),
    chosen_at INTEGER NOT NULL,
    CHECK ((charging = 'voucher') = (price_minor IS NOT NULL)),
    CHECK ((charging = 'client_fee') = (client_fee_minor IS NOT NULL AND unit_cost_minor IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX choices_open ON choices (voucher_id ASC) WHERE valid_to IS NULL;

CREATE INDEX choices_by_voucher ON choices (voucher_id ASC, id ASC);

CREATE INDEX choices_by_provider ON choices (provider_id ASC, id ASC);

CREATE TRIGGER choices_no_overlap_insert BEFORE INSERT ON choices
WHEN EXISTS (
        SELECT 1 FROM choices AS o
        WHERE o.id <> NEW.id AND o.voucher_id = NEW.voucher_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: choices_no_overlap');
END;
CREATE TRIGGER choices_no_overlap_update BEFORE UPDATE ON choices
WHEN EXISTS (
        SELECT 1 FROM choices AS o
        WHERE o.id <> NEW.id AND o.voucher_id = NEW.voucher_id
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
)
BEGIN
    SELECT RAISE(ABORT, 'check: choices_no_overlap');
END;

-- What was agreed by a choice stays; only its end can still be set.
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from
ON choices
BEGIN
    SELECT RAISE(ABORT, 'append-only: choices');
END;
CREATE TRIGGER choices_no_delete BEFORE DELETE ON choices
BEGIN
    SELECT RAISE(ABORT, 'append-only: choices');
END;

CREATE TABLE service_events (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    allotment_id BLOB NOT NULL CHECK (length(allotment_id) = 16) REFERENCES allotments (id),
    choice_id BLOB NOT NULL CHECK (length(choice_id) = 16) REFERENCES choices (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    unit_id BLOB NOT NULL CHECK (length(unit_id) = 16) REFERENCES service_units (id),
    person_id BLOB NOT NULL CHECK (length(person_id) = 16) REFERENCES persons (id),
    rulebook_id BLOB NOT NULL CHECK (length(rulebook_id) = 16) REFERENCES rulebooks (id),
    day TEXT NOT NULL CHECK (length(day) = 10),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    started_at INTEGER,
    ended_at INTEGER CHECK (ended_at > started_at),
    value_minor INTEGER NOT NULL CHECK (value_minor >= 0),
    charging TEXT NOT NULL CHECK (charging IN ('voucher', 'client_fee')),
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor INTEGER NOT NULL CHECK (organiser_pays_minor >= 0),
    co_payment_minor INTEGER NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor INTEGER NOT NULL CHECK (client_fee_minor >= 0),
    steps TEXT NOT NULL CHECK (length(steps) BETWEEN 2 AND 65536),
    recorded_by TEXT NOT NULL CHECK (length(recorded_by) BETWEEN 1 AND 255),
    recorded_at INTEGER NOT NULL,
    CHECK (charging = 'client_fee' OR total_minor = organiser_pays_minor + co_payment_minor),
    CHECK ((started_at IS NULL) = (ended_at IS NULL))
) STRICT;

CREATE INDEX service_events_by_voucher ON service_events (voucher_id ASC, id ASC);

CREATE INDEX service_events_by_provider ON service_events (provider_id ASC, id ASC);

CREATE TRIGGER service_events_no_update BEFORE UPDATE ON service_events
BEGIN
    SELECT RAISE(ABORT, 'append-only: service_events');
END;
CREATE TRIGGER service_events_no_delete BEFORE DELETE ON service_events
BEGIN
    SELECT RAISE(ABORT, 'append-only: service_events');
END;

-- Every entry moves a quantity and an amount from one account to another, and so balances by itself.
CREATE TABLE ledger_entries (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    voucher_version INTEGER NOT NULL CHECK (voucher_version >= 1),
    line INTEGER NOT NULL CHECK (line >= 0),
    allotment_id BLOB CHECK (length(allotment_id) = 16) REFERENCES allotments (id),
    service_event_id BLOB CHECK (length(service_event_id) = 16) REFERENCES service_events (id),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    kind TEXT NOT NULL CHECK (kind IN ('granted', 'used', 'organiser_share', 'co_payment', 'client_fee', 'returned')),
    from_account TEXT NOT NULL CHECK (from_account IN ('organiser', 'available', 'used', 'client', 'provider')),
    to_account TEXT NOT NULL CHECK (to_account IN ('organiser', 'available', 'used', 'client', 'provider')),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 >= 0),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    day TEXT NOT NULL CHECK (length(day) = 10),
    at INTEGER NOT NULL,
    CHECK (from_account <> to_account)
) STRICT;

CREATE UNIQUE INDEX ledger_entries_order ON ledger_entries (voucher_id ASC, voucher_version ASC, line ASC);

CREATE INDEX ledger_entries_by_event ON ledger_entries (service_event_id ASC) WHERE service_event_id IS NOT NULL;

CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: ledger_entries');
END;
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: ledger_entries');
END;
