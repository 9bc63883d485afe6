-- What becomes of services after they were recorded, and what is paid for them.

-- Checks cannot be widened in place: the ledger is copied and made anew under the same name.
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
    kind TEXT NOT NULL CHECK (kind IN (
        'granted', 'used', 'organiser_share', 'co_payment', 'client_fee', 'returned', 'expired', 'use_reversed',
        'organiser_share_reversed', 'co_payment_reversed', 'client_fee_reversed'
    )),
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

-- Who gave the service, by the provider's own reference: nobody is in two places at once.
ALTER TABLE service_events ADD COLUMN worker TEXT CHECK (length(worker) BETWEEN 1 AND 64);

CREATE INDEX service_events_by_worker ON service_events (provider_id ASC, worker ASC, started_at ASC)
WHERE worker IS NOT NULL AND started_at IS NOT NULL;

-- How a service event stands: what of it counts still, and what of that has been settled. It repeats what acts, ledger and
-- settlement lines say, so that no two who change it at once can both be right; `verify` compares.
CREATE TABLE event_accounts (
    service_event_id BLOB PRIMARY KEY NOT NULL CHECK (length(service_event_id) = 16) REFERENCES service_events (id),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    month TEXT NOT NULL CHECK (length(month) = 10) CHECK (substr(month, 9) = '01'),
    state TEXT NOT NULL CHECK (state IN ('recorded', 'contested', 'accepted', 'withdrawn')),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 >= 0),
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor INTEGER NOT NULL CHECK (organiser_pays_minor >= 0),
    co_payment_minor INTEGER NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor INTEGER NOT NULL CHECK (client_fee_minor >= 0),
    settlements INTEGER NOT NULL CHECK (settlements >= 0),
    settled_quantity_e4 INTEGER NOT NULL CHECK (settled_quantity_e4 >= 0),
    settled_total_minor INTEGER NOT NULL CHECK (settled_total_minor >= 0),
    settled_organiser_pays_minor INTEGER NOT NULL CHECK (settled_organiser_pays_minor >= 0),
    settled_co_payment_minor INTEGER NOT NULL CHECK (settled_co_payment_minor >= 0),
    settled_client_fee_minor INTEGER NOT NULL CHECK (settled_client_fee_minor >= 0),
    is_due INTEGER NOT NULL CHECK (is_due IN (0, 1)),
    acts INTEGER NOT NULL CHECK (acts >= 0),
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK (
        state <> 'withdrawn'
        OR quantity_e4 + total_minor + organiser_pays_minor + co_payment_minor + client_fee_minor = 0
    ),
    CHECK (settlements > 0 OR settled_quantity_e4 + settled_total_minor + settled_organiser_pays_minor = 0),
    CHECK (settlements = 0 OR state <> 'recorded')
) STRICT;

-- What the next settlement takes.
CREATE INDEX event_accounts_due ON event_accounts (organiser_id ASC, service_event_id ASC, month ASC) WHERE is_due;

-- What the organiser has to look at.
CREATE INDEX event_accounts_open ON event_accounts (organiser_id ASC, service_event_id ASC)
WHERE state IN ('recorded', 'contested');

-- What was recorded before there were rules of acceptance is accepted.
INSERT INTO event_accounts (
    service_event_id, organiser_id, provider_id, month, state, quantity_e4, total_minor, organiser_pays_minor,
    co_payment_minor, client_fee_minor, settlements, settled_quantity_e4, settled_total_minor,
    settled_organiser_pays_minor, settled_co_payment_minor, settled_client_fee_minor, is_due, acts, version
)
SELECT id, organiser_id, provider_id, substr(day, 1, 8) || '01', 'accepted', quantity_e4, total_minor, organiser_pays_minor,
    co_payment_minor, client_fee_minor, 0, 0, 0, 0, 0, 0, 1, 0, 1
FROM service_events;

-- What was done about a service event after it was recorded. What is taken back is said in figures.
CREATE TABLE event_acts (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    service_event_id BLOB NOT NULL CHECK (length(service_event_id) = 16) REFERENCES service_events (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    kind TEXT NOT NULL CHECK (kind IN (
        'flagged', 'accepted', 'contested', 'queried', 'answered', 'dismissed', 'upheld', 'withdrawn', 'credited',
        'revalued'
    )),
    reason_code TEXT CHECK (length(reason_code) BETWEEN 1 AND 64),
    reason TEXT CHECK (length(reason) BETWEEN 1 AND 2000),
    quantity_e4 INTEGER NOT NULL CHECK (quantity_e4 >= 0),
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor INTEGER NOT NULL CHECK (organiser_pays_minor >= 0 OR kind = 'revalued'),
    co_payment_minor INTEGER NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor INTEGER NOT NULL CHECK (client_fee_minor >= 0),
    acted_by TEXT NOT NULL CHECK (length(acted_by) BETWEEN 1 AND 255),
    acted_as TEXT NOT NULL CHECK (length(acted_as) BETWEEN 1 AND 64),
    acted_at INTEGER NOT NULL,
    CHECK (kind NOT IN ('flagged', 'withdrawn', 'credited', 'upheld', 'revalued') OR reason_code IS NOT NULL),
    -- What the client pays less, the organiser pays more.
    CHECK (kind <> 'revalued' OR (co_payment_minor > 0 AND organiser_pays_minor = -co_payment_minor)),
    CHECK (kind <> 'revalued' OR quantity_e4 + total_minor + client_fee_minor = 0),
    CHECK (
        kind IN ('withdrawn', 'credited', 'upheld', 'revalued')
        OR quantity_e4 + total_minor + organiser_pays_minor + co_payment_minor + client_fee_minor = 0
    )
) STRICT;

CREATE UNIQUE INDEX event_acts_order ON event_acts (service_event_id ASC, number ASC);

CREATE TRIGGER event_acts_no_update BEFORE UPDATE ON event_acts
BEGIN
    SELECT RAISE(ABORT, 'append-only: event_acts');
END;
CREATE TRIGGER event_acts_no_delete BEFORE DELETE ON event_acts
BEGIN
    SELECT RAISE(ABORT, 'append-only: event_acts');
END;

-- How an organiser settles, from a day on.
CREATE TABLE settlement_settings (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    valid_from TEXT NOT NULL CHECK (length(valid_from) = 10),
    terms TEXT NOT NULL CHECK (length(terms) BETWEEN 2 AND 65536),
    set_by TEXT NOT NULL CHECK (length(set_by) BETWEEN 1 AND 255),
    set_at INTEGER NOT NULL
) STRICT;

CREATE INDEX settlement_settings_by_organiser ON settlement_settings (organiser_id ASC, valid_from ASC, id ASC);

CREATE TRIGGER settlement_settings_no_update BEFORE UPDATE ON settlement_settings
BEGIN
    SELECT RAISE(ABORT, 'append-only: settlement_settings');
END;
CREATE TRIGGER settlement_settings_no_delete BEFORE DELETE ON settlement_settings
BEGIN
    SELECT RAISE(ABORT, 'append-only: settlement_settings');
END;

-- The settling of a month: everything that is due and of that month or an earlier one.
CREATE TABLE settlements (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    month TEXT NOT NULL CHECK (length(month) = 10) CHECK (substr(month, 9) = '01'),
    state TEXT NOT NULL CHECK (state IN ('running', 'frozen')),
    after_event_id BLOB CHECK (length(after_event_id) = 16),
    events INTEGER NOT NULL CHECK (events >= 0),
    statements INTEGER NOT NULL CHECK (statements >= 0),
    started_by TEXT NOT NULL CHECK (length(started_by) BETWEEN 1 AND 255),
    started_at INTEGER NOT NULL,
    frozen_at INTEGER,
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK ((state = 'frozen') = (frozen_at IS NOT NULL))
) STRICT;

CREATE UNIQUE INDEX settlements_month ON settlements (organiser_id ASC, month ASC);

CREATE UNIQUE INDEX settlements_one_at_a_time ON settlements (organiser_id ASC) WHERE state = 'running';

CREATE TRIGGER settlements_frozen_is_final BEFORE UPDATE ON settlements WHEN OLD.state = 'frozen'
BEGIN
    SELECT RAISE(ABORT, 'append-only: settlements');
END;

CREATE TRIGGER settlements_no_delete BEFORE DELETE ON settlements
BEGIN
    SELECT RAISE(ABORT, 'append-only: settlements');
END;

-- What one provider is paid for a month.
CREATE TABLE statements (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    provider_id BLOB NOT NULL CHECK (length(provider_id) = 16) REFERENCES providers (id),
    settlement_id BLOB NOT NULL CHECK (length(settlement_id) = 16) REFERENCES settlements (id),
    month TEXT NOT NULL CHECK (length(month) = 10) CHECK (substr(month, 9) = '01'),
    number TEXT CHECK (length(number) BETWEEN 1 AND 35),
    state TEXT NOT NULL CHECK (state IN ('open', 'made', 'approved', 'sent', 'paid')),
    lines INTEGER NOT NULL CHECK (lines >= 0),
    total_minor INTEGER NOT NULL,
    co_payment_minor INTEGER NOT NULL,
    client_fee_minor INTEGER NOT NULL,
    carried_in_minor INTEGER NOT NULL CHECK (carried_in_minor <= 0),
    payable_minor INTEGER NOT NULL CHECK (payable_minor >= 0),
    carried_out_minor INTEGER NOT NULL CHECK (carried_out_minor <= 0),
    needs_approval INTEGER NOT NULL CHECK (needs_approval IN (0, 1)),
    made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 255),
    made_at INTEGER,
    approved_by TEXT CHECK (length(approved_by) BETWEEN 1 AND 255),
    approved_at INTEGER,
    sent_by TEXT CHECK (length(sent_by) BETWEEN 1 AND 255),
    sent_at INTEGER,
    paid_by TEXT CHECK (length(paid_by) BETWEEN 1 AND 255),
    paid_at INTEGER,
    payment_reference TEXT CHECK (length(payment_reference) BETWEEN 1 AND 140),
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK (state = 'open' OR payable_minor + carried_out_minor = carried_in_minor + total_minor),
    CHECK (payable_minor = 0 OR carried_out_minor = 0),
    CHECK ((state = 'open') = (made_at IS NULL)),
    CHECK ((state = 'open') = (number IS NULL)),
    CHECK (approved_by IS NULL OR approved_by <> made_by),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((sent_by IS NULL) = (sent_at IS NULL)),
    CHECK ((paid_by IS NULL) = (paid_at IS NULL)),
    CHECK (state NOT IN ('sent', 'paid') OR approved_by IS NOT NULL OR NOT needs_approval)
) STRICT;

CREATE UNIQUE INDEX statements_of_settlement ON statements (settlement_id ASC, provider_id ASC);

CREATE UNIQUE INDEX statements_number ON statements (organiser_id ASC, number ASC) WHERE number IS NOT NULL;

CREATE INDEX statements_by_provider ON statements (provider_id ASC, id ASC);

CREATE INDEX statements_by_organiser ON statements (organiser_id ASC, id ASC);

-- What was carried on is looked up by the next month's.
CREATE INDEX statements_latest ON statements (organiser_id ASC, provider_id ASC, month ASC);

CREATE TRIGGER statements_made_is_final BEFORE UPDATE OF
    organiser_id, provider_id, settlement_id, month, number, lines, total_minor, co_payment_minor,
    client_fee_minor, carried_in_minor, payable_minor, carried_out_minor, needs_approval, made_by, made_at
ON statements WHEN OLD.state <> 'open'
BEGIN
    SELECT RAISE(ABORT, 'append-only: statements');
END;

CREATE TRIGGER statements_no_delete BEFORE DELETE ON statements
BEGIN
    SELECT RAISE(ABORT, 'append-only: statements');
END;

-- What a settlement adds to what was settled of an event before: the whole, or the difference.
CREATE TABLE settlement_lines (
    settlement_id BLOB NOT NULL CHECK (length(settlement_id) = 16) REFERENCES settlements (id),
    service_event_id BLOB NOT NULL CHECK (length(service_event_id) = 16) REFERENCES service_events (id),
    statement_id BLOB NOT NULL CHECK (length(statement_id) = 16) REFERENCES statements (id),
    organiser_id BLOB NOT NULL CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    kind TEXT NOT NULL CHECK (kind IN ('service', 'late', 'correction', 'credit')),
    month TEXT NOT NULL CHECK (length(month) = 10) CHECK (substr(month, 9) = '01'),
    quantity_e4 INTEGER NOT NULL,
    total_minor INTEGER NOT NULL,
    organiser_pays_minor INTEGER NOT NULL,
    co_payment_minor INTEGER NOT NULL,
    client_fee_minor INTEGER NOT NULL,
    PRIMARY KEY (settlement_id, service_event_id)
) STRICT;

CREATE INDEX settlement_lines_of_event ON settlement_lines (service_event_id ASC);

CREATE UNIQUE INDEX settlement_lines_of_statement ON settlement_lines (statement_id ASC, service_event_id ASC);

CREATE TRIGGER settlement_lines_no_update BEFORE UPDATE ON settlement_lines
BEGIN
    SELECT RAISE(ABORT, 'append-only: settlement_lines');
END;
CREATE TRIGGER settlement_lines_no_delete BEFORE DELETE ON settlement_lines
BEGIN
    SELECT RAISE(ABORT, 'append-only: settlement_lines');
END;

-- What is frozen takes no more.
CREATE TRIGGER settlement_lines_of_running BEFORE INSERT ON settlement_lines
WHEN (SELECT state FROM settlements WHERE id = NEW.settlement_id) IS NOT 'running'
BEGIN
    SELECT RAISE(ABORT, 'append-only: settlements');
END;
