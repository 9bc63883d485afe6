-- What the tables did not have a place for would be lost; then there is no way back.
CREATE TABLE nothing_is_lost (what_would_be INTEGER NOT NULL CONSTRAINT nothing_is_lost CHECK (what_would_be = 0)) STRICT;
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

PRAGMA defer_foreign_keys = ON;

CREATE TABLE ledger_entries_before (
    id BLOB NOT NULL,
    organiser_id BLOB NOT NULL,
    voucher_id BLOB NOT NULL,
    voucher_version INTEGER NOT NULL,
    line INTEGER NOT NULL,
    allotment_id BLOB,
    service_event_id BLOB,
    decision_id BLOB,
    kind TEXT NOT NULL,
    from_account TEXT NOT NULL,
    to_account TEXT NOT NULL,
    quantity_e4 INTEGER NOT NULL,
    amount_minor INTEGER NOT NULL,
    day TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

INSERT INTO ledger_entries_before (
    id, organiser_id, voucher_id, voucher_version, line, allotment_id, service_event_id, decision_id, kind,
    from_account, to_account, quantity_e4, amount_minor, day, at
)
SELECT id, organiser_id, voucher_id, voucher_version, line, allotment_id, service_event_id, decision_id, kind,
    from_account, to_account, quantity_e4, amount_minor, day, at
FROM ledger_entries;

DROP TABLE ledger_entries;

CREATE TABLE ledger_entries (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    voucher_id BLOB NOT NULL CHECK (length(voucher_id) = 16) REFERENCES vouchers (id),
    voucher_version INTEGER NOT NULL CHECK (voucher_version >= 1),
    line INTEGER NOT NULL CHECK (line >= 0),
    allotment_id BLOB CHECK (length(allotment_id) = 16) REFERENCES allotments (id),
    service_event_id BLOB CHECK (length(service_event_id) = 16) REFERENCES service_events (id),
    decision_id BLOB CHECK (length(decision_id) = 16) REFERENCES decisions (id),
    kind TEXT NOT NULL CHECK (kind IN ('granted', 'used', 'organiser_share', 'co_payment', 'client_fee', 'returned')),
    from_account TEXT NOT NULL CHECK (from_account IN ('organiser', 'available', 'used', 'client', 'provider')),
    to_account TEXT NOT NULL CHECK (to_account IN ('organiser', 'available', 'used', 'client', 'provider')),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 >= 0),
    amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
    day TEXT NOT NULL CHECK (length(day) = 10),
    at INTEGER NOT NULL,
    CHECK (from_account <> to_account)
) STRICT;

INSERT INTO ledger_entries (
    id, organiser_id, voucher_id, voucher_version, line, allotment_id, service_event_id, decision_id, kind,
    from_account, to_account, quantity_e4, amount_minor, day, at
)
SELECT id, organiser_id, voucher_id, voucher_version, line, allotment_id, service_event_id, decision_id, kind,
    from_account, to_account, quantity_e4, amount_minor, day, at
FROM ledger_entries_before;

DROP TABLE ledger_entries_before;

CREATE UNIQUE INDEX ledger_entries_order ON ledger_entries (voucher_id ASC, voucher_version ASC, line ASC);

CREATE INDEX ledger_entries_by_event ON ledger_entries (service_event_id ASC) WHERE service_event_id IS NOT NULL;

CREATE TRIGGER ledger_entries_no_update BEFORE UPDATE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: ledger_entries');
END;
CREATE TRIGGER ledger_entries_no_delete BEFORE DELETE ON ledger_entries
BEGIN
    SELECT RAISE(ABORT, 'append-only: ledger_entries');
END;
