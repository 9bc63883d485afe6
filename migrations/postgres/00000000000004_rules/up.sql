-- Rules that depend on the service: what a voucher was granted on is kept with it, a service event has lines, prices
-- differ by item, and a rulebook is proposed before it is adopted.

ALTER TABLE vouchers DROP CONSTRAINT vouchers_per_check;
ALTER TABLE vouchers
    ADD CONSTRAINT vouchers_per_check CHECK (per IN ('month', 'quarter', 'year', 'voucher')),
    ADD COLUMN measure text NOT NULL DEFAULT 'quantity' CHECK (measure IN ('quantity', 'money')),
    ADD COLUMN unused text NOT NULL DEFAULT 'lapses' CHECK (unused IN ('lapses', 'carries_over')),
    ADD COLUMN facts text NOT NULL DEFAULT '{}' CHECK (length(facts) BETWEEN 2 AND 524288);

-- The facts that a voucher was granted on stand in its decision.
UPDATE vouchers AS v SET facts = (d.inputs::json -> 'facts')::text
FROM decisions AS d
WHERE d.id = v.decision_id AND d.inputs::json -> 'facts' IS NOT NULL;

CREATE INDEX vouchers_by_type ON vouchers (voucher_type_id ASC, id ASC);

-- What was granted, on what, to whom and by which decision stays; where the voucher stands can change.
DROP TRIGGER vouchers_granted_is_final ON vouchers;
CREATE TRIGGER vouchers_granted_is_final BEFORE UPDATE OF
    organiser_id, client_id, person_id, voucher_type_id, rulebook_id, number, value_minor, unit, quantity_e4, per,
    free_of_charge, decision_id, measure, unused, facts
OR DELETE OR TRUNCATE ON vouchers
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Prices of items that cost something else than the price itself, as a JSON object of amounts.
ALTER TABLE offering_prices
    ADD COLUMN items text CHECK (length(items) BETWEEN 2 AND 32768) CHECK (items IS NULL OR charging = 'voucher');

DROP TRIGGER offering_prices_set_is_final ON offering_prices;
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from, items
OR DELETE OR TRUNCATE ON offering_prices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE choices
    ADD COLUMN items text CHECK (length(items) BETWEEN 2 AND 32768) CHECK (items IS NULL OR charging = 'voucher');

DROP TRIGGER choices_agreed_is_final ON choices;
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from, items
OR DELETE OR TRUNCATE ON choices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The facts of the service itself, such as which item it was.
ALTER TABLE service_events
    ADD COLUMN facts text NOT NULL DEFAULT '{}' CHECK (length(facts) BETWEEN 2 AND 524288);

-- What an event is made of: a line for each part of it that has a value or a price of its own.
CREATE TABLE service_event_lines (
    service_event_id uuid NOT NULL REFERENCES service_events (id),
    line integer NOT NULL CHECK (line >= 0),
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    item text CHECK (length(item) BETWEEN 1 AND 64),
    quantity_e4 bigint NOT NULL CHECK (quantity_e4 BETWEEN 1 AND 10000000000),
    value_minor bigint NOT NULL CHECK (value_minor >= 0),
    price_minor bigint CHECK (price_minor >= 0),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor bigint NOT NULL CHECK (organiser_pays_minor >= 0),
    co_payment_minor bigint NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor bigint NOT NULL CHECK (client_fee_minor >= 0),
    PRIMARY KEY (service_event_id, line),
    CHECK (price_minor IS NULL OR total_minor = organiser_pays_minor + co_payment_minor),
    CHECK (client_fee_minor = 0 OR organiser_pays_minor + co_payment_minor = 0)
);

INSERT INTO service_event_lines (
    service_event_id, line, organiser_id, item, quantity_e4, value_minor, price_minor, total_minor,
    organiser_pays_minor, co_payment_minor, client_fee_minor
)
SELECT e.id, 0, e.organiser_id, NULL, e.quantity_e4, e.value_minor, c.price_minor, e.total_minor,
    e.organiser_pays_minor, e.co_payment_minor, e.client_fee_minor
FROM service_events AS e JOIN choices AS c ON c.id = e.choice_id;

CREATE TRIGGER service_event_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON service_event_lines
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A draft is proposed before it is adopted, and may have been made from another version.
ALTER TABLE rulebooks
    ADD COLUMN proposed_at timestamptz,
    ADD COLUMN proposed_by text
        CHECK (length(proposed_by) BETWEEN 1 AND 255) CHECK ((proposed_at IS NULL) = (proposed_by IS NULL)),
    ADD COLUMN based_on_id uuid REFERENCES rulebooks (id);

CREATE FUNCTION rulebooks_proposed_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'check: rulebooks_proposed_is_fixed' USING ERRCODE = 'check_violation';
END
$$;
CREATE TRIGGER rulebooks_proposed_is_fixed BEFORE UPDATE ON rulebooks
FOR EACH ROW WHEN (OLD.state = 'draft' AND OLD.proposed_at IS NOT NULL AND NEW.terms <> OLD.terms)
EXECUTE FUNCTION rulebooks_proposed_is_fixed();

-- An adopted rulebook keeps whose and of what it is, its terms, its first day, and what is known of its making; only its
-- end can still be set, once.
CREATE OR REPLACE FUNCTION rulebooks_adopted_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NEW.terms <> OLD.terms OR NEW.valid_from <> OLD.valid_from OR NEW.state <> 'adopted'
        OR NEW.proposed_at IS DISTINCT FROM OLD.proposed_at OR NEW.proposed_by IS DISTINCT FROM OLD.proposed_by
        OR NEW.based_on_id IS DISTINCT FROM OLD.based_on_id OR NEW.organiser_id IS DISTINCT FROM OLD.organiser_id
        OR NEW.voucher_type_id IS DISTINCT FROM OLD.voucher_type_id OR NEW.number IS DISTINCT FROM OLD.number
        OR NEW.decision_id IS DISTINCT FROM OLD.decision_id
        OR (OLD.valid_to IS NOT NULL AND NEW.valid_to IS DISTINCT FROM OLD.valid_to) THEN
        RAISE EXCEPTION 'append-only: rulebooks' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
