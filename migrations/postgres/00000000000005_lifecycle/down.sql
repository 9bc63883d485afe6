-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM decisions WHERE kind NOT IN ('adopt_rulebook', 'decide_application', 'grant_voucher', 'cancel_voucher'))
    + (SELECT count(*) FROM applications WHERE state = 'more_information' OR area <> '[]')
    + (SELECT count(*) FROM application_events)
    + (SELECT count(*) FROM approval_interruptions WHERE kind = 'suspended')
    + (SELECT count(*) FROM attachments) + (SELECT count(*) FROM findings) + (SELECT count(*) FROM measures)
    + (SELECT count(*) FROM provider_changes) + (SELECT count(*) FROM source_ids)
    + (SELECT count(*) FROM evidence WHERE kind <> 'other')
    + (SELECT count(*) FROM providers WHERE oid IS NOT NULL OR contacts IS NOT NULL OR iban IS NOT NULL)
    + (SELECT count(*) FROM provider_members WHERE role <> 'admin')
    + (SELECT count(*) FROM offering_prices WHERE reason IS NOT NULL);
DROP TABLE nothing_is_lost;

DELETE FROM installation WHERE name = 'lapses_are_due';
DROP TABLE source_ids;
DROP TABLE registry_changes;
DROP TABLE registry_versions;
DROP TABLE provider_changes;
DROP TABLE measures;
DROP TABLE findings;
DROP TABLE approval_interruptions;
DROP TABLE application_events;
DROP TABLE evidence_reminders;
DROP TABLE evidence_checks;
DROP TABLE evidence;
DROP TABLE attachments;

DROP INDEX approvals_by_organiser;
DROP INDEX choices_by_unit;
DROP INDEX providers_oid;

DROP TRIGGER offering_prices_set_is_final ON offering_prices;
DROP TRIGGER choices_agreed_is_final ON choices;
ALTER TABLE choices DROP COLUMN ended_at;
ALTER TABLE choices DROP COLUMN only_items;
ALTER TABLE offering_prices DROP COLUMN only_items;
ALTER TABLE offering_prices DROP COLUMN reason;
ALTER TABLE offerings DROP COLUMN modes;
ALTER TABLE offerings DROP COLUMN languages;
ALTER TABLE offerings DROP COLUMN queue;
ALTER TABLE approvals DROP COLUMN end_decision_id;
ALTER TABLE approvals DROP COLUMN area;
ALTER TABLE service_units DROP COLUMN closed_from;
ALTER TABLE service_units DROP COLUMN self_monitoring;
ALTER TABLE service_units DROP COLUMN soteri;
ALTER TABLE service_units DROP COLUMN opening_hours;
ALTER TABLE service_units DROP COLUMN accessibility;
ALTER TABLE provider_members DROP COLUMN added_for;
ALTER TABLE provider_members DROP COLUMN added_by;
ALTER TABLE provider_members DROP COLUMN role;
ALTER TABLE providers DROP COLUMN iban;
ALTER TABLE providers DROP COLUMN contacts;
ALTER TABLE providers DROP COLUMN languages;
ALTER TABLE providers DROP COLUMN oid;
CREATE TRIGGER offering_prices_set_is_final BEFORE UPDATE OF
    offering_id, charging, price_minor, client_fee_minor, unit_cost_minor, valid_from, items
OR DELETE OR TRUNCATE ON offering_prices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER choices_agreed_is_final BEFORE UPDATE OF
    voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, valid_from, items
OR DELETE OR TRUNCATE ON choices
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

DROP INDEX applications_open;
CREATE UNIQUE INDEX applications_open ON applications (unit_id ASC, voucher_type_id ASC) WHERE state IN ('draft', 'submitted');
ALTER TABLE applications DROP CONSTRAINT applications_answer_due_check;
ALTER TABLE applications DROP COLUMN answer_due;
ALTER TABLE applications DROP COLUMN submitted_sha256;
ALTER TABLE applications DROP COLUMN area;
ALTER TABLE applications DROP CONSTRAINT applications_state_check;
ALTER TABLE applications
    ADD CONSTRAINT applications_state_check CHECK (state IN ('draft', 'submitted', 'approved', 'rejected', 'withdrawn'));

ALTER TABLE decisions DROP CONSTRAINT decisions_outcome_check;
ALTER TABLE decisions ADD CONSTRAINT decisions_outcome_check CHECK (outcome IN ('granted', 'refused'));
ALTER TABLE decisions DROP CONSTRAINT decisions_kind_check;
ALTER TABLE decisions
    ADD CONSTRAINT decisions_kind_check
        CHECK (kind IN ('adopt_rulebook', 'decide_application', 'grant_voucher', 'cancel_voucher'));
