-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM vouchers
        WHERE measure <> 'quantity' OR unused <> 'lapses' OR per NOT IN ('month', 'voucher'))
    + (SELECT count(*) FROM offering_prices WHERE items IS NOT NULL)
    + (SELECT count(*) FROM choices WHERE items IS NOT NULL)
    + (SELECT count(*) FROM service_events WHERE facts <> '{}')
    + (SELECT count(*) FROM service_event_lines WHERE line > 0 OR item IS NOT NULL)
    + (SELECT count(*) FROM rulebooks WHERE state = 'draft' AND proposed_at IS NOT NULL);
DROP TABLE nothing_is_lost;

DROP TRIGGER rulebooks_proposed_is_fixed ON rulebooks;
DROP FUNCTION rulebooks_proposed_is_fixed();
CREATE OR REPLACE FUNCTION rulebooks_adopted_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.terms <> OLD.terms OR NEW.valid_from <> OLD.valid_from OR NEW.state <> 'adopted' THEN
        RAISE EXCEPTION 'append-only: rulebooks' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
ALTER TABLE rulebooks DROP COLUMN based_on_id, DROP COLUMN proposed_by, DROP COLUMN proposed_at;

DROP TABLE service_event_lines;
ALTER TABLE service_events DROP COLUMN facts;

DROP TRIGGER choices_agreed_is_final ON choices;
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from
OR DELETE OR TRUNCATE ON choices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE choices DROP COLUMN items;

DROP TRIGGER offering_prices_set_is_final ON offering_prices;
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from
OR DELETE OR TRUNCATE ON offering_prices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE offering_prices DROP COLUMN items;

DROP TRIGGER vouchers_granted_is_final ON vouchers;
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, number, value_minor, unit, quantity_e4, per, free_of_charge,
    decision_id
OR DELETE OR TRUNCATE ON vouchers
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
DROP INDEX vouchers_by_type;
ALTER TABLE vouchers DROP CONSTRAINT vouchers_per_check;
ALTER TABLE vouchers
    ADD CONSTRAINT vouchers_per_check CHECK (per IN ('month', 'voucher')),
    DROP COLUMN measure,
    DROP COLUMN unused,
    DROP COLUMN facts;
