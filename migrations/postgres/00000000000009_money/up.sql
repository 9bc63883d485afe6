-- What becomes of services after they were recorded, and what is paid for them.

ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_kind_check;
ALTER TABLE ledger_entries
    ADD CONSTRAINT ledger_entries_kind_check CHECK (kind IN (
        'granted', 'used', 'organiser_share', 'co_payment', 'client_fee', 'returned', 'expired', 'use_reversed',
        'organiser_share_reversed', 'co_payment_reversed', 'client_fee_reversed'
    ));

-- Who gave the service, by the provider's own reference: nobody is in two places at once.
ALTER TABLE service_events ADD COLUMN worker text CHECK (length(worker) BETWEEN 1 AND 64);

CREATE INDEX service_events_by_worker ON service_events (provider_id ASC, worker ASC, started_at ASC)
WHERE worker IS NOT NULL AND started_at IS NOT NULL;

-- How a service event stands: what of it counts still, and what of that has been settled. It repeats what acts, ledger and
-- settlement lines say, so that no two who change it at once can both be right; `verify` compares.
CREATE TABLE event_accounts (
    service_event_id uuid PRIMARY KEY NOT NULL REFERENCES service_events (id),
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    state text NOT NULL CHECK (state IN ('recorded', 'contested', 'accepted', 'withdrawn')),
    quantity_e4 bigint NOT NULL CHECK (quantity_e4 >= 0),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor bigint NOT NULL CHECK (organiser_pays_minor >= 0),
    co_payment_minor bigint NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor bigint NOT NULL CHECK (client_fee_minor >= 0),
    settlements bigint NOT NULL CHECK (settlements >= 0),
    settled_quantity_e4 bigint NOT NULL CHECK (settled_quantity_e4 >= 0),
    settled_total_minor bigint NOT NULL CHECK (settled_total_minor >= 0),
    settled_organiser_pays_minor bigint NOT NULL CHECK (settled_organiser_pays_minor >= 0),
    settled_co_payment_minor bigint NOT NULL CHECK (settled_co_payment_minor >= 0),
    settled_client_fee_minor bigint NOT NULL CHECK (settled_client_fee_minor >= 0),
    is_due boolean NOT NULL,
    acts bigint NOT NULL CHECK (acts >= 0),
    version bigint NOT NULL CHECK (version >= 1),
    CHECK (
        state <> 'withdrawn'
        OR quantity_e4 + total_minor + organiser_pays_minor + co_payment_minor + client_fee_minor = 0
    ),
    CHECK (settlements > 0 OR settled_quantity_e4 + settled_total_minor + settled_organiser_pays_minor = 0),
    CHECK (settlements = 0 OR state <> 'recorded')
);

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
SELECT id, organiser_id, provider_id, date_trunc('month', day)::date, 'accepted', quantity_e4, total_minor,
    organiser_pays_minor, co_payment_minor, client_fee_minor, 0, 0, 0, 0, 0, 0, true, 0, 1
FROM service_events;

-- What was done about a service event after it was recorded. What is taken back is said in figures.
CREATE TABLE event_acts (
    id uuid PRIMARY KEY NOT NULL,
    service_event_id uuid NOT NULL REFERENCES service_events (id),
    number bigint NOT NULL CHECK (number >= 1),
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    kind text NOT NULL CHECK (kind IN (
        'flagged', 'accepted', 'contested', 'queried', 'answered', 'dismissed', 'upheld', 'withdrawn', 'credited',
        'revalued'
    )),
    reason_code text CHECK (length(reason_code) BETWEEN 1 AND 64),
    reason text CHECK (length(reason) BETWEEN 1 AND 2000),
    quantity_e4 bigint NOT NULL CHECK (quantity_e4 >= 0),
    total_minor bigint NOT NULL CHECK (total_minor >= 0),
    organiser_pays_minor bigint NOT NULL CHECK (organiser_pays_minor >= 0 OR kind = 'revalued'),
    co_payment_minor bigint NOT NULL CHECK (co_payment_minor >= 0),
    client_fee_minor bigint NOT NULL CHECK (client_fee_minor >= 0),
    acted_by text NOT NULL CHECK (length(acted_by) BETWEEN 1 AND 255),
    acted_as text NOT NULL CHECK (length(acted_as) BETWEEN 1 AND 64),
    acted_at timestamptz NOT NULL,
    CHECK (kind NOT IN ('flagged', 'withdrawn', 'credited', 'upheld', 'revalued') OR reason_code IS NOT NULL),
    -- What the client pays less, the organiser pays more.
    CHECK (kind <> 'revalued' OR (co_payment_minor > 0 AND organiser_pays_minor = -co_payment_minor)),
    CHECK (kind <> 'revalued' OR quantity_e4 + total_minor + client_fee_minor = 0),
    CHECK (
        kind IN ('withdrawn', 'credited', 'upheld', 'revalued')
        OR quantity_e4 + total_minor + organiser_pays_minor + co_payment_minor + client_fee_minor = 0
    )
);

CREATE UNIQUE INDEX event_acts_order ON event_acts (service_event_id ASC, number ASC);

CREATE TRIGGER event_acts_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON event_acts
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How an organiser settles, from a day on.
CREATE TABLE settlement_settings (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    valid_from date NOT NULL,
    terms text NOT NULL CHECK (length(terms) BETWEEN 2 AND 65536),
    set_by text NOT NULL CHECK (length(set_by) BETWEEN 1 AND 255),
    set_at timestamptz NOT NULL
);

CREATE INDEX settlement_settings_by_organiser ON settlement_settings (organiser_id ASC, valid_from ASC, id ASC);

CREATE TRIGGER settlement_settings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_settings
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The settling of a month: everything that is due and of that month or an earlier one.
CREATE TABLE settlements (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    state text NOT NULL CHECK (state IN ('running', 'frozen')),
    after_event_id uuid,
    events bigint NOT NULL CHECK (events >= 0),
    statements bigint NOT NULL CHECK (statements >= 0),
    started_by text NOT NULL CHECK (length(started_by) BETWEEN 1 AND 255),
    started_at timestamptz NOT NULL,
    frozen_at timestamptz,
    version bigint NOT NULL CHECK (version >= 1),
    CHECK ((state = 'frozen') = (frozen_at IS NOT NULL))
);

CREATE UNIQUE INDEX settlements_month ON settlements (organiser_id ASC, month ASC);

CREATE UNIQUE INDEX settlements_one_at_a_time ON settlements (organiser_id ASC) WHERE state = 'running';

CREATE TRIGGER settlements_frozen_is_final BEFORE UPDATE ON settlements
FOR EACH ROW WHEN (OLD.state = 'frozen') EXECUTE FUNCTION refuse_change();

CREATE TRIGGER settlements_no_delete BEFORE DELETE OR TRUNCATE ON settlements
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What one provider is paid for a month.
CREATE TABLE statements (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    settlement_id uuid NOT NULL REFERENCES settlements (id),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    number text CHECK (length(number) BETWEEN 1 AND 35),
    state text NOT NULL CHECK (state IN ('open', 'made', 'approved', 'sent', 'paid')),
    lines bigint NOT NULL CHECK (lines >= 0),
    total_minor bigint NOT NULL,
    co_payment_minor bigint NOT NULL,
    client_fee_minor bigint NOT NULL,
    carried_in_minor bigint NOT NULL CHECK (carried_in_minor <= 0),
    payable_minor bigint NOT NULL CHECK (payable_minor >= 0),
    carried_out_minor bigint NOT NULL CHECK (carried_out_minor <= 0),
    needs_approval boolean NOT NULL,
    made_by text NOT NULL CHECK (length(made_by) BETWEEN 1 AND 255),
    made_at timestamptz,
    approved_by text CHECK (length(approved_by) BETWEEN 1 AND 255),
    approved_at timestamptz,
    sent_by text CHECK (length(sent_by) BETWEEN 1 AND 255),
    sent_at timestamptz,
    paid_by text CHECK (length(paid_by) BETWEEN 1 AND 255),
    paid_at timestamptz,
    payment_reference text CHECK (length(payment_reference) BETWEEN 1 AND 140),
    version bigint NOT NULL CHECK (version >= 1),
    CHECK (state = 'open' OR payable_minor + carried_out_minor = carried_in_minor + total_minor),
    CHECK (payable_minor = 0 OR carried_out_minor = 0),
    CHECK ((state = 'open') = (made_at IS NULL)),
    CHECK ((state = 'open') = (number IS NULL)),
    CHECK (approved_by IS NULL OR approved_by <> made_by),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL)),
    CHECK ((sent_by IS NULL) = (sent_at IS NULL)),
    CHECK ((paid_by IS NULL) = (paid_at IS NULL)),
    CHECK (state NOT IN ('sent', 'paid') OR approved_by IS NOT NULL OR NOT needs_approval)
);

CREATE UNIQUE INDEX statements_of_settlement ON statements (settlement_id ASC, provider_id ASC);

CREATE UNIQUE INDEX statements_number ON statements (organiser_id ASC, number ASC) WHERE number IS NOT NULL;

CREATE INDEX statements_by_provider ON statements (provider_id ASC, id ASC);

CREATE INDEX statements_by_organiser ON statements (organiser_id ASC, id ASC);

-- What was carried on is looked up by the next month's.
CREATE INDEX statements_latest ON statements (organiser_id ASC, provider_id ASC, month ASC);

CREATE TRIGGER statements_made_is_final BEFORE UPDATE OF
    organiser_id, provider_id, settlement_id, month, number, lines, total_minor, co_payment_minor,
    client_fee_minor, carried_in_minor, payable_minor, carried_out_minor, needs_approval, made_by, made_at
ON statements
FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_change();

CREATE TRIGGER statements_no_delete BEFORE DELETE OR TRUNCATE ON statements
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a settlement adds to what was settled of an event before: the whole, or the difference.
CREATE TABLE settlement_lines (
    settlement_id uuid NOT NULL REFERENCES settlements (id),
    service_event_id uuid NOT NULL REFERENCES service_events (id),
    statement_id uuid NOT NULL REFERENCES statements (id),
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    kind text NOT NULL CHECK (kind IN ('service', 'late', 'correction', 'credit')),
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    quantity_e4 bigint NOT NULL,
    total_minor bigint NOT NULL,
    organiser_pays_minor bigint NOT NULL,
    co_payment_minor bigint NOT NULL,
    client_fee_minor bigint NOT NULL,
    PRIMARY KEY (settlement_id, service_event_id)
);

CREATE INDEX settlement_lines_of_event ON settlement_lines (service_event_id ASC);

CREATE UNIQUE INDEX settlement_lines_of_statement ON settlement_lines (statement_id ASC, service_event_id ASC);

CREATE TRIGGER settlement_lines_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON settlement_lines
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is frozen takes no more.
CREATE FUNCTION settlement_lines_of_running() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT state FROM settlements WHERE id = NEW.settlement_id) IS DISTINCT FROM 'running' THEN
        RAISE EXCEPTION 'append-only: settlements';
    END IF;
    RETURN NEW;
END;
$$;
CREATE TRIGGER settlement_lines_of_running BEFORE INSERT ON settlement_lines
FOR EACH ROW EXECUTE FUNCTION settlement_lines_of_running();
