-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be bigint NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0));
INSERT INTO nothing_is_lost (what_would_be)
SELECT (SELECT count(*) FROM event_acts) + (SELECT count(*) FROM settlements) + (SELECT count(*) FROM settlement_settings)
    + (SELECT count(*) FROM service_events WHERE worker IS NOT NULL)
    + (
        SELECT count(*)
        FROM ledger_entries
        WHERE kind NOT IN ('granted', 'used', 'organiser_share', 'co_payment', 'client_fee', 'returned')
    );
DROP TABLE nothing_is_lost;

DROP TABLE settlement_lines;
DROP TABLE statements;
DROP TABLE settlements;
DROP TABLE settlement_settings;
DROP TABLE event_acts;
DROP TABLE event_accounts;
DROP INDEX service_events_by_worker;
ALTER TABLE service_events DROP COLUMN worker;
DROP FUNCTION settlement_lines_of_running();

ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check;
ALTER TABLE ledger_entries
    ADD CONSTRAINT ledger_entries_kind_check
    CHECK (kind IN ('granted', 'used', 'organiser_share', 'co_payment', 'client_fee', 'returned'));
