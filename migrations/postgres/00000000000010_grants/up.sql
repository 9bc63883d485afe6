-- What becomes of a grant after it was issued: longer, more, less, worth more, in place of another, and over.

-- Who pays for it in the organiser's ledgers; the voucher that it was issued in place of; how many decisions have changed
-- what it grants or is worth; and what was told of its end: nothing, that it comes, that it has come.
ALTER TABLE vouchers
    ADD COLUMN accounting_code text CHECK (length(accounting_code) BETWEEN 1 AND 64),
    ADD COLUMN replaces_id uuid REFERENCES vouchers (id),
    ADD COLUMN changes integer NOT NULL DEFAULT 0 CHECK (changes >= 0),
    ADD COLUMN told_of_end integer NOT NULL DEFAULT 0 CHECK (told_of_end BETWEEN 0 AND 2);

-- What has ended before is no news.
UPDATE vouchers SET told_of_end = 2 WHERE valid_to <= CURRENT_DATE;

CREATE UNIQUE INDEX vouchers_replaced ON vouchers (replaces_id ASC) WHERE replaces_id IS NOT NULL;

CREATE INDEX vouchers_by_end ON vouchers (voucher_type_id ASC, valid_to ASC, id ASC)
    WHERE told_of_end < 2 AND state IN ('offered', 'accepted', 'chosen', 'in_use');

DROP TRIGGER vouchers_granted_is_final ON vouchers;
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, value_minor, unit, quantity_e4, per,
    free_of_charge, decision_id, measure, unused, facts, valid_from, replaces_id
OR DELETE OR TRUNCATE ON vouchers
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The last day is moved by a decision that says so, and only to a later day.
CREATE FUNCTION vouchers_extended_by_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.valid_to <= OLD.valid_to OR NOT EXISTS (
        SELECT 1 FROM decisions AS d
        WHERE d.subject_id = NEW.id AND d.kind = 'extend_voucher'
          AND (d.inputs::json ->> 'valid_until')::date = NEW.valid_to - 1
    ) THEN
        RAISE EXCEPTION 'check: vouchers_extended_by_decision' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER vouchers_extended_by_decision BEFORE UPDATE OF valid_to ON vouchers
FOR EACH ROW EXECUTE FUNCTION vouchers_extended_by_decision();

-- A part of a grant keeps its voucher and its first day, grants no less than it did, and ends later only as its voucher does.
CREATE TRIGGER allotments_granted_is_final BEFORE UPDATE OF id, voucher_id, valid_from
OR DELETE OR TRUNCATE ON allotments
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE FUNCTION allotments_grow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.granted_e4 < OLD.granted_e4 OR NEW.valid_to < OLD.valid_to OR (NEW.valid_to > OLD.valid_to AND NOT EXISTS (
        SELECT 1 FROM vouchers AS v WHERE v.id = NEW.voucher_id AND NEW.valid_to <= v.valid_to
    )) THEN
        RAISE EXCEPTION 'check: allotments_grow' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER allotments_grow BEFORE UPDATE OF valid_to, granted_e4 ON allotments
FOR EACH ROW EXECUTE FUNCTION allotments_grow();

CREATE INDEX allotments_left ON allotments (valid_to ASC, id ASC) WHERE used_e4 < granted_e4;

-- Values that decisions have raised, for services from a day on (569/2009 § 8). Entries and changes of a voucher share
-- its versions: a service that was recorded before a raise was not charged by it.
CREATE TABLE voucher_values (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    voucher_version bigint NOT NULL CHECK (voucher_version >= 1),
    from_day date NOT NULL,
    value_minor bigint NOT NULL CHECK (value_minor BETWEEN 0 AND 1000000000),
    decision_id uuid NOT NULL REFERENCES decisions (id)
);

CREATE INDEX voucher_values_by_voucher ON voucher_values (voucher_id ASC, id ASC);

CREATE TRIGGER voucher_values_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_values
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Quantities per period that decisions have set, for the period of a day and all that follow.
CREATE TABLE voucher_quantities (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    voucher_version bigint NOT NULL CHECK (voucher_version >= 1),
    from_day date NOT NULL,
    quantity_e4 bigint NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    decision_id uuid NOT NULL REFERENCES decisions (id)
);

CREATE INDEX voucher_quantities_by_voucher ON voucher_quantities (voucher_id ASC, voucher_version ASC);

CREATE TRIGGER voucher_quantities_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON voucher_quantities
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
