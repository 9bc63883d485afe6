-- Addresses at which organisers and providers are told what happens, each in the order in which it is told.

CREATE TABLE webhooks (
    id uuid PRIMARY KEY NOT NULL,
    -- Whose it is.
    organiser_id uuid REFERENCES organisers (id),
    provider_id uuid REFERENCES providers (id),
    -- It is told of what this role can read.
    role text NOT NULL CHECK (length(role) BETWEEN 1 AND 64),
    url text NOT NULL CHECK (length(url) BETWEEN 1 AND 1000),
    description text CHECK (length(description) BETWEEN 1 AND 200),
    -- Names of what it is told, separated by blanks; none where it is told everything.
    types text CHECK (length(types) BETWEEN 1 AND 8000),
    state text NOT NULL CHECK (state IN ('active', 'disabled', 'ended')),
    -- The place of the last event that it has heard, or that is passed over.
    heard bigint NOT NULL CHECK (heard >= 0),
    -- Calls of the event that comes next.
    tries integer NOT NULL CHECK (tries >= 0),
    -- When it is called next.
    due_at timestamptz NOT NULL,
    failing_since timestamptz,
    -- All calls.
    calls bigint NOT NULL CHECK (calls >= 0),
    made_by text NOT NULL CHECK (length(made_by) BETWEEN 1 AND 300),
    made_at timestamptz NOT NULL,
    disabled_at timestamptz,
    ended_at timestamptz,
    CHECK ((organiser_id IS NULL) <> (provider_id IS NULL)),
    CHECK ((state = 'disabled') = (disabled_at IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);

CREATE INDEX webhooks_due ON webhooks (due_at ASC, id ASC) WHERE state = 'active';

CREATE INDEX webhooks_of_organiser ON webhooks (organiser_id ASC, id ASC) WHERE organiser_id IS NOT NULL;

CREATE INDEX webhooks_of_provider ON webhooks (provider_id ASC, id ASC) WHERE provider_id IS NOT NULL;

-- By what a receiver knows that it is the service who calls. Sealed.
CREATE TABLE webhook_secrets (
    id uuid PRIMARY KEY NOT NULL,
    webhook_id uuid NOT NULL REFERENCES webhooks (id),
    sealed bytea NOT NULL CHECK (length(sealed) BETWEEN 1 AND 500),
    made_at timestamptz NOT NULL,
    -- None for the one that is good until another is made.
    good_until timestamptz
);

CREATE INDEX webhook_secrets_of_webhook ON webhook_secrets (webhook_id ASC, id ASC);

-- What came of each call.
CREATE TABLE webhook_calls (
    webhook_id uuid NOT NULL REFERENCES webhooks (id),
    number bigint NOT NULL CHECK (number >= 1),
    outbox_id uuid NOT NULL REFERENCES outbox (id),
    outcome text NOT NULL CHECK (outcome IN ('heard', 'refused', 'failed', 'gone')),
    -- What the receiver answered, where it did.
    status integer CHECK (status BETWEEN 100 AND 599),
    said text CHECK (length(said) BETWEEN 1 AND 500),
    millis integer NOT NULL CHECK (millis >= 0),
    at timestamptz NOT NULL,
    PRIMARY KEY (webhook_id, number)
);

CREATE TRIGGER webhook_calls_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON webhook_calls
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
