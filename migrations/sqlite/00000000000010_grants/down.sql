-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM voucher_values) + (SELECT count(*) FROM voucher_quantities)
    + (SELECT count(*) FROM vouchers WHERE accounting_code IS NOT NULL OR replaces_id IS NOT NULL)
    + (SELECT count(*) FROM decisions WHERE kind IN ('extend_voucher', 'raise_voucher', 'reduce_voucher'));
DROP TABLE nothing_is_lost;

DROP TABLE voucher_quantities;
DROP TABLE voucher_values;
DROP INDEX allotments_left;
DROP TRIGGER allotments_no_delete;
DROP TRIGGER allotments_grow;
DROP TRIGGER allotments_granted_is_final;
DROP TRIGGER vouchers_extended_by_decision;
DROP TRIGGER vouchers_granted_is_final;
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, value_minor, unit, quantity_e4, per,
    free_of_charge, decision_id, measure, unused, facts
ON vouchers
BEGIN
    SELECT RAISE(ABORT, 'append-only: vouchers');
END;
DROP INDEX vouchers_by_end;
DROP INDEX vouchers_replaced;
ALTER TABLE vouchers DROP COLUMN told_of_end;
ALTER TABLE vouchers DROP COLUMN changes;
ALTER TABLE vouchers DROP COLUMN replaces_id;
ALTER TABLE vouchers DROP COLUMN accounting_code;
