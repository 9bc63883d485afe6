-- Picking a provider that answers, and one that has so many places.

-- How many clients an offering serves at once, where that is limited.
ALTER TABLE offerings ADD COLUMN places integer CHECK (places BETWEEN 1 AND 100000);

-- Who has chosen an offering, for the places that are taken.
CREATE INDEX choices_by_offering ON choices (offering_id ASC, id ASC);

-- Clients' requests to be taken by a provider, where the rulebook lets the provider answer. A request ends once.
CREATE TABLE choice_requests (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    offering_id uuid NOT NULL REFERENCES offerings (id),
    provider_id uuid NOT NULL REFERENCES providers (id),
    unit_id uuid NOT NULL REFERENCES service_units (id),
    sector text NOT NULL CHECK (sector IN ('public', 'company', 'ngo')),
    charging text NOT NULL CHECK (charging IN ('voucher', 'client_fee')),
    price_minor bigint CHECK (price_minor BETWEEN 0 AND 1000000000),
    client_fee_minor bigint CHECK (client_fee_minor BETWEEN 0 AND 1000000000),
    unit_cost_minor bigint CHECK (unit_cost_minor BETWEEN 0 AND 1000000000),
    items text CHECK (length(items) BETWEEN 2 AND 32768),
    only_items boolean NOT NULL,
    first_day date NOT NULL,
    requested_by text NOT NULL CHECK (length(requested_by) BETWEEN 1 AND 255),
    requested_at timestamptz NOT NULL,
    answer_by date NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'confirmed', 'refused', 'lapsed', 'withdrawn')),
    cause text CHECK (cause IN ('not_answered', 'voucher_ended', 'unit_ended', 'holder', 'replaced')),
    reason text CHECK (length(reason) BETWEEN 1 AND 4000),
    choice_id uuid REFERENCES choices (id),
    ended_by text CHECK (length(ended_by) BETWEEN 1 AND 255),
    ended_at timestamptz,
    CHECK ((charging = 'voucher') = (price_minor IS NOT NULL)),
    CHECK ((charging = 'client_fee') = (client_fee_minor IS NOT NULL AND unit_cost_minor IS NOT NULL)),
    CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK ((state = 'confirmed') = (choice_id IS NOT NULL)),
    CHECK ((state = 'refused') = (reason IS NOT NULL)),
    CHECK ((state IN ('lapsed', 'withdrawn')) = (cause IS NOT NULL))
);

CREATE UNIQUE INDEX choice_requests_open ON choice_requests (voucher_id ASC) WHERE state = 'waiting';

CREATE INDEX choice_requests_by_voucher ON choice_requests (voucher_id ASC, id ASC);

CREATE INDEX choice_requests_by_provider ON choice_requests (provider_id ASC, state ASC, id ASC);

CREATE INDEX choice_requests_by_offering ON choice_requests (offering_id ASC) WHERE state = 'waiting';

CREATE INDEX choice_requests_by_answer ON choice_requests (organiser_id ASC, answer_by ASC, id ASC) WHERE state = 'waiting';

-- What was asked for stays; how it ended is told once.
CREATE TRIGGER choice_requests_asked_is_final BEFORE UPDATE OF
    organiser_id, voucher_id, offering_id, provider_id, unit_id, sector, charging, price_minor, client_fee_minor,
    unit_cost_minor, items, only_items, first_day, requested_by, requested_at, answer_by
OR DELETE OR TRUNCATE ON choice_requests
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER choice_requests_ended_is_final BEFORE UPDATE ON choice_requests
FOR EACH ROW WHEN (OLD.state <> 'waiting') EXECUTE FUNCTION refuse_change();
