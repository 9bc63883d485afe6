-- Rules that depend on the service: what a voucher was granted on is kept with it, a service event has lines, prices
-- differ by item, and a rulebook is proposed before it is adopted.

-- A check cannot be widened in place, so the vouchers are copied, and their table is made anew under the same name.
-- Dropping it leaves the rows that refer to vouchers without them; each is well again when its voucher is put back, and
-- the commit looks whether all are.
PRAGMA defer_foreign_keys = ON;

CREATE TABLE vouchers_before (
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

INSERT INTO vouchers_before (
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
    per TEXT NOT NULL CHECK (per IN ('month', 'quarter', 'year', 'voucher')),
    free_of_charge INTEGER NOT NULL CHECK (free_of_charge IN (0, 1)),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    valid_to TEXT NOT NULL CHECK (length(valid_to) = 10) CHECK (valid_to > valid_from),
    directed_to TEXT CHECK (length(directed_to) BETWEEN 2 AND 100000),
    cancel_reason TEXT CHECK (length(cancel_reason) BETWEEN 1 AND 4000),
    decision_id BLOB NOT NULL CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    issued_at INTEGER NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    measure TEXT NOT NULL DEFAULT 'quantity' CHECK (measure IN ('quantity', 'money')),
    unused TEXT NOT NULL DEFAULT 'lapses' CHECK (unused IN ('lapses', 'carries_over')),
    facts TEXT NOT NULL DEFAULT '{}' CHECK (length(facts) BETWEEN 2 AND 524288),
    CHECK ((state = 'refused') = (directed_to IS NOT NULL)),
    CHECK ((state = 'cancelled') = (cancel_reason IS NOT NULL))
) STRICT;

-- The facts that a voucher was granted on stand in its decision.
INSERT INTO vouchers (
    id, organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, state, value_minor, unit, quantity_e4,
    per, free_of_charge, valid_from, valid_to, directed_to, cancel_reason, decision_id, issued_at, version, facts
)
SELECT v.id, v.organiser_id, v.client_id, v.person_id, v.voucher_type_id, v.rulebook_id, v.number, v.state,
    v.value_minor, v.unit, v.quantity_e4, v.per, v.free_of_charge, v.valid_from, v.valid_to, v.directed_to,
    v.cancel_reason, v.decision_id, v.issued_at, v.version, coalesce(json_extract(d.inputs, '$.facts'), '{}')
FROM vouchers_before AS v LEFT JOIN decisions AS d ON d.id = v.decision_id;

DROP TABLE vouchers_before;

CREATE UNIQUE INDEX vouchers_number ON vouchers (number ASC);

CREATE INDEX vouchers_by_person ON vouchers (person_id ASC, id ASC);

CREATE INDEX vouchers_by_client ON vouchers (client_id ASC, id ASC);

CREATE INDEX vouchers_by_organiser ON vouchers (organiser_id ASC, id ASC);

CREATE INDEX vouchers_by_type ON vouchers (voucher_type_id ASC, id ASC);

-- What was granted, on what, to whom and by which decision stays; where the voucher stands can change.
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, value_minor, unit, quantity_e4, per,
    free_of_charge, decision_id, measure, unused, facts
ON vouchers
BEGIN
    SELECT RAISE(ABORT, 'append-only: vouchers');
END;
CREATE TRIGGER vouchers_no_delete BEFORE DELETE ON vouchers
BEGIN
    SELECT RAISE(ABORT, 'append-only: vouchers');
END;

-- Prices of items that cost something else than the price itself, as a JSON object of amounts.
ALTER TABLE offering_prices ADD COLUMN items TEXT
    CHECK (length(items) BETWEEN 2 AND 32768) CHECK (items IS NULL OR charging = 'voucher');

DROP TRIGGER offering_prices_set_is_final;
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from, items
ON offering_prices
BEGIN
    SELECT RAISE(ABORT, 'append-only: offering_prices');
END;

ALTER TABLE choices ADD COLUMN items TEXT
    CHECK (length(items) BETWEEN 2 AND 32768) CHECK (items IS NULL OR charging = 'voucher');

DROP TRIGGER choices_agreed_is_final;
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from, items
ON choices
BEGIN
    SELECT RAISE(ABORT, 'append-only: choices');
END;

-- The facts of the service itself, such as which item it was.
ALTER TABLE service_events ADD COLUMN facts TEXT NOT NULL DEFAULT '{}' CHECK (length(facts) BETWEEN 2 AND 524288);

-- What an event is made of: a line for each part of it that has a value or a price of its own.
CREATE TABLE service_event_lines (
    service_event_id BLOB NOT NULL CHECK (length(service_event_id) = 16) REFERENCES service_events (id),
    line INTEGER NOT NULL CHECK (line >= 0),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    item TEXT CHECK (length(item) BETWEEN 1 AND 64),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    value_minor INTEGER NOT NULL CHECK (value_minor >= 0),
    price_minor INTEGER CHECK (price_minor >= 0),
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor INTEGER NOT NULL CHECK (organiser_pays_minor >= 0),
    co_payment_minor INTEGER NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor INTEGER NOT NULL CHECK (client_fee_minor >= 0),
    PRIMARY KEY (service_event_id, line),
    CHECK (price_minor IS NULL OR total_minor = organiser_pays_minor + co_payment_minor),
    CHECK (client_fee_minor = 0 OR organiser_pays_minor + co_payment_minor = 0)
) STRICT;

INSERT INTO service_event_lines (
    service_event_id, line, organiser_id, item, quantity_e4, value_minor, price_minor, total_minor,
    organiser_pays_minor, co_payment_minor, client_fee_minor
)
SELECT e.id, 0, e.organiser_id, NULL, e.quantity_e4, e.value_minor, c.price_minor, e.total_minor,
    e.organiser_pays_minor, e.co_payment_minor, e.client_fee_minor
FROM service_events AS e JOIN choices AS c ON c.id = e.choice_id;

CREATE TRIGGER service_event_lines_no_update BEFORE UPDATE ON service_event_lines
BEGIN
    SELECT RAISE(ABORT, 'append-only: service_event_lines');
END;
CREATE TRIGGER service_event_lines_no_delete BEFORE DELETE ON service_event_lines
BEGIN
    SELECT RAISE(ABORT, 'append-only: service_event_lines');
END;

-- A draft is proposed before it is adopted, and may have been made from another version.
ALTER TABLE rulebooks ADD COLUMN proposed_at INTEGER;
ALTER TABLE rulebooks ADD COLUMN proposed_by TEXT
    CHECK (length(proposed_by) BETWEEN 1 AND 255) CHECK ((proposed_at IS NULL) = (proposed_by IS NULL));
ALTER TABLE rulebooks ADD COLUMN based_on_id BLOB CHECK (length(based_on_id) = 16) REFERENCES rulebooks (id);

CREATE TRIGGER rulebooks_proposed_is_fixed BEFORE UPDATE ON rulebooks
WHEN OLD.state = 'draft' AND OLD.proposed_at IS NOT NULL AND NEW.terms <> OLD.terms
BEGIN
    SELECT RAISE(ABORT, 'check: rulebooks_proposed_is_fixed');
END;

-- An adopted rulebook keeps whose and of what it is, its terms, its first day, and what is known of its making; only its
-- end can still be set, once.
DROP TRIGGER rulebooks_adopted_keeps;
CREATE TRIGGER rulebooks_adopted_keeps BEFORE UPDATE ON rulebooks
WHEN OLD.state = 'adopted'
    AND (NEW.terms <> OLD.terms OR NEW.valid_from IS NOT OLD.valid_from OR NEW.state <> 'adopted'
         OR NEW.proposed_at IS NOT OLD.proposed_at OR NEW.proposed_by IS NOT OLD.proposed_by
         OR NEW.based_on_id IS NOT OLD.based_on_id OR NEW.organiser_id IS NOT OLD.organiser_id
         OR NEW.voucher_type_id IS NOT OLD.voucher_type_id OR NEW.number IS NOT OLD.number
         OR NEW.decision_id IS NOT OLD.decision_id
         OR (OLD.valid_to IS NOT NULL AND NEW.valid_to IS NOT OLD.valid_to))
BEGIN
    SELECT RAISE(ABORT, 'append-only: rulebooks');
END;
