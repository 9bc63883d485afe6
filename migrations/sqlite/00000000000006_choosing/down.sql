-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
INSERT INTO nothing_is_lost (what_would_be) SELECT count(*) FROM shown_lists;
DROP TABLE nothing_is_lost;

DELETE FROM installation WHERE name = 'offering_states_are_due';
ALTER TABLE registry_revision DROP COLUMN noted;
DROP TABLE shown_lists;
DROP TABLE offering_states;
DROP INDEX offering_prices_by_offering;
DROP INDEX offerings_by_voucher_type;
DROP INDEX provider_sectors_by_provider;
DROP INDEX approvals_by_unit;
DROP INDEX applications_by_unit;
