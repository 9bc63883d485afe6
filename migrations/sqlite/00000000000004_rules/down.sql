-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM vouchers
        WHERE measure <> 'quantity' OR unused <> 'lapses' OR per NOT IN ('month', 'voucher'))
    + (SELECT count(*) FROM offering_prices WHERE items IS NOT NULL)
    + (SELECT count(*) FROM choices WHERE items IS NOT NULL)
    + (SELECT count(*) FROM service_events WHERE facts <> '{}')
    + (SELECT count(*) FROM service_event_lines WHERE line > 0 OR item IS NOT NULL)
    + (SELECT count(*) FROM rulebooks WHERE state = 'draft' AND proposed_at IS NOT NULL);
DROP TABLE nothing_is_lost;

DROP TRIGGER rulebooks_proposed_is_fixed;
DROP TRIGGER rulebooks_adopted_keeps;
ALTER TABLE rulebooks DROP COLUMN based_on_id;
ALTER TABLE rulebooks DROP COLUMN proposed_by;
ALTER TABLE rulebooks DROP COLUMN proposed_at;
CREATE TRIGGER rulebooks_adopted_keeps BEFORE UPDATE ON rulebooks
WHEN OLD.state = 'adopted'
    AND (NEW.terms <> OLD.terms OR NEW.valid_from IS NOT OLD.valid_from OR NEW.state <> 'adopted')
BEGIN
    SELECT RAISE(ABORT, 'append-only: rulebooks');
END;

DROP TABLE service_event_lines;
ALTER TABLE service_events DROP COLUMN facts;

DROP TRIGGER choices_agreed_is_final;
ALTER TABLE choices DROP COLUMN items;
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from
ON choices
BEGIN
    SELECT RAISE(ABORT, 'append-only: choices');
END;

DROP TRIGGER offering_prices_set_is_final;
ALTER TABLE offering_prices DROP COLUMN items;
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from
ON offering_prices
BEGIN
    SELECT RAISE(ABORT, 'append-only: offering_prices');
END;

-- As on the way up: the table is made anew, and the commit looks whether every row that refers to a voucher has it.
PRAGMA defer_foreign_keys = ON;

CREATE TABLE vouchers_after (
    id BLOB NOT NULL,
    organiser_id BLOB NOT NULL,
    client_id BLOB NOT NULL,
    person_id BLOB NOT NULL,
    voucher_type_id BLOB NOT NULL,
    rulebook_id BLOB NOT NULL,
    number TEXT NOT NULL,
    state TEXT NOT NULL,
    value_minor INTEGER NOT NULL,
    unit TEXT NOT NULL,
    quantity_e4 INTEGER NOT NULL,
    per TEXT NOT NULL,
    free_of_charge INTEGER NOT NULL,
    valid_from TEXT NOT NULL,
    valid_to TEXT NOT NULL,
    directed_to TEXT,
    cancel_reason TEXT,
    decision_id BLOB NOT NULL,
    issued_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

INSERT INTO vouchers_after (
    id, organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, state, value_minor, unit, quantity_e4,
    per, free_of_charge, valid_from, valid_to, directed_to, cancel_reason, decision_id, issued_at, version
)
SELECT id, organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, state, value_minor, unit,
    quantity_e4, per, free_of_charge, valid_from, valid_to, directed_to, cancel_reason, decision_id, issued_at, version
FROM vouchers;

DROP TABLE vouchers;

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

INSERT INTO vouchers (
    id, organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, state, value_minor, unit, quantity_e4,
    per, free_of_charge, valid_from, valid_to, directed_to, cancel_reason, decision_id, issued_at, version
)
SELECT id, organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, state, value_minor, unit,
    quantity_e4, per, free_of_charge, valid_from, valid_to, directed_to, cancel_reason, decision_id, issued_at, version
FROM vouchers_after;

DROP TABLE vouchers_after;

CREATE UNIQUE INDEX vouchers_number ON vouchers (number ASC);

CREATE INDEX vouchers_by_person ON vouchers (person_id ASC, id ASC);

CREATE INDEX vouchers_by_client ON vouchers (client_id ASC, id ASC);

CREATE INDEX vouchers_by_organiser ON vouchers (organiser_id ASC, id ASC);

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
