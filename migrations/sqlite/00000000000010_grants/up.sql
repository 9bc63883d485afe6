-- What becomes of a grant after it was issued: longer, more, less, worth more, in place of another, and over.

-- Who pays for it in the organiser's ledgers; the voucher that it was issued in place of; how many decisions have changed
-- what it grants or is worth; and what was told of its end: nothing, that it comes, that it has come.
ALTER TABLE vouchers ADD COLUMN accounting_code TEXT CHECK (length(accounting_code) BETWEEN 1 AND 64);
ALTER TABLE vouchers ADD COLUMN replaces_id BLOB CHECK (length(replaces_id) = 16) REFERENCES vouchers (id);
ALTER TABLE vouchers ADD COLUMN changes INTEGER NOT NULL DEFAULT 0 CHECK (changes >= 0);
ALTER TABLE vouchers ADD COLUMN told_of_end INTEGER NOT NULL DEFAULT 0 CHECK (told_of_end BETWEEN 0 AND 2);

-- What has ended before is no news.
UPDATE vouchers SET told_of_end = 2 WHERE valid_to <= date('now');

CREATE UNIQUE INDEX vouchers_replaced ON vouchers (replaces_id ASC) WHERE replaces_id IS NOT NULL;

CREATE INDEX vouchers_by_end ON vouchers (voucher_type_id ASC, valid_to ASC, id ASC)
    WHERE told_of_end < 2 AND state IN ('offered', 'accepted', 'chosen', 'in_use');

DROP TRIGGER vouchers_granted_is_final;
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, value_minor, unit, quantity_e4, per,
    free_of_charge, decision_id, measure, unused, facts, valid_from, replaces_id
ON vouchers
BEGIN
    SELECT RAISE(ABORT, 'append-only: vouchers');
END;

-- The last day is moved by a decision that says so, and only to a later day.
CREATE TRIGGER vouchers_extended_by_decision BEFORE UPDATE OF valid_to ON vouchers
WHEN NEW.valid_to <= OLD.valid_to OR NOT EXISTS (
        SELECT 1 FROM decisions AS d
        WHERE d.subject_id = NEW.id AND d.kind = 'extend_voucher'
          AND json_extract(d.inputs, '$.valid_until') = date(NEW.valid_to, '-1 day')
)
BEGIN
    SELECT RAISE(ABORT, 'check: vouchers_extended_by_decision');
END;

-- A part of a grant keeps its voucher and its first day, grants no less than it did, and ends later only as its voucher does.
CREATE TRIGGER allotments_granted_is_final BEFORE UPDATE OF id, voucher_id, valid_from ON allotments
BEGIN
    SELECT RAISE(ABORT, 'append-only: allotments');
END;
CREATE TRIGGER allotments_grow BEFORE UPDATE OF valid_to, granted_e4 ON allotments
WHEN NEW.granted_e4 < OLD.granted_e4 OR NEW.valid_to < OLD.valid_to OR (NEW.valid_to > OLD.valid_to AND NOT EXISTS (
        SELECT 1 FROM vouchers AS v WHERE v.id = NEW.voucher_id AND NEW.valid_to <= v.valid_to
))
BEGIN
    SELECT RAISE(ABORT, 'check: allotments_grow');
END;
CREATE TRIGGER allotments_no_delete BEFORE DELETE ON allotments
BEGIN
    SELECT RAISE(ABORT, 'append-only: allotments');
END;

CREATE INDEX allotments_left ON allotments (valid_to ASC, id ASC) WHERE used_e4 < granted_e4;

-- Values that decisions have raised, for services from a day on (569/2009 § 8). Entries and changes of a voucher share
-- its versions: a service that was recorded before a raise was not charged by it.
CREATE TABLE voucher_values (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    voucher_version INTEGER NOT NULL CHECK (voucher_version >= 1),
    from_day TEXT NOT NULL CHECK (length(from_day) = 10),
    value_minor INTEGER NOT NULL CHECK (value_minor BETWEEN 0 AND 1000000000),
    decision_id BLOB NOT NULL CHECK (length(decision_id) = 16) REFERENCES decisions (id)
) STRICT;

CREATE INDEX voucher_values_by_voucher ON voucher_values (voucher_id ASC, id ASC);

CREATE TRIGGER voucher_values_no_update BEFORE UPDATE ON voucher_values
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_values');
END;
CREATE TRIGGER voucher_values_no_delete BEFORE DELETE ON voucher_values
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_values');
END;

-- Quantities per period that decisions have set, for the period of a day and all that follow.
CREATE TABLE voucher_quantities (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    voucher_version INTEGER NOT NULL CHECK (voucher_version >= 1),
    from_day TEXT NOT NULL CHECK (length(from_day) = 10),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    decision_id BLOB NOT NULL CHECK (length(decision_id) = 16) REFERENCES decisions (id)
) STRICT;

CREATE INDEX voucher_quantities_by_voucher ON voucher_quantities (voucher_id ASC, voucher_version ASC);

CREATE TRIGGER voucher_quantities_no_update BEFORE UPDATE ON voucher_quantities
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_quantities');
END;
CREATE TRIGGER voucher_quantities_no_delete BEFORE DELETE ON voucher_quantities
BEGIN
    SELECT RAISE(ABORT, 'append-only: voucher_quantities');
END;
