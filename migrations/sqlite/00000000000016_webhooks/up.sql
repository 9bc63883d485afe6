-- Addresses at which organisers and providers are told what happens, each in the order in which it is told.

CREATE TABLE webhooks (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    -- Whose it is.
    organiser_id BLOB CHECK (length(organiser_id) = 16) REFERENCES organisers (id),
    provider_id BLOB CHECK (length(provider_id) = 16) REFERENCES providers (id),
    -- It is told of what this role can read.
    role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 64),
    url TEXT NOT NULL CHECK (length(url) BETWEEN 1 AND 1000),
    description TEXT CHECK (length(description) BETWEEN 1 AND 200),
    -- Names of what it is told, separated by blanks; none where it is told everything.
    types TEXT CHECK (length(types) BETWEEN 1 AND 8000),
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled', 'ended')),
    -- The place of the last event that it has heard, or that is passed over.
    heard INTEGER NOT NULL CHECK (heard >= 0),
    -- Calls of the event that comes next.
    tries INTEGER NOT NULL CHECK (tries >= 0),
    -- When it is called next.
    due_at INTEGER NOT NULL,
    failing_since INTEGER,
    -- All calls.
    calls INTEGER NOT NULL CHECK (calls >= 0),
    made_by TEXT NOT NULL CHECK (length(made_by) BETWEEN 1 AND 300),
    made_at INTEGER NOT NULL,
    disabled_at INTEGER,
    ended_at INTEGER,
    CHECK ((organiser_id IS NULL) <> (provider_id IS NULL)),
    CHECK ((state = 'disabled') = (disabled_at IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
) STRICT;

CREATE INDEX webhooks_due ON webhooks (due_at ASC, id ASC) WHERE state = 'active';

CREATE INDEX webhooks_of_organiser ON webhooks (organiser_id ASC, id ASC) WHERE organiser_id IS NOT NULL;

CREATE INDEX webhooks_of_provider ON webhooks (provider_id ASC, id ASC) WHERE provider_id IS NOT NULL;

-- By what a receiver knows that it is the service who calls. Sealed.
CREATE TABLE webhook_secrets (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    webhook_id BLOB NOT NULL CHECK (length(webhook_id) = 16) REFERENCES webhooks (id),
    sealed BLOB NOT NULL CHECK (length(sealed) BETWEEN 1 AND 500),
    made_at INTEGER NOT NULL,
    -- None for the one that is good until another is made.
    good_until INTEGER
) STRICT;

CREATE INDEX webhook_secrets_of_webhook ON webhook_secrets (webhook_id ASC, id ASC);

-- What came of each call.
CREATE TABLE webhook_calls (
    webhook_id BLOB NOT NULL CHECK (length(webhook_id) = 16) REFERENCES webhooks (id),
    number INTEGER NOT NULL CHECK (number >= 1),
    outbox_id BLOB NOT NULL CHECK (length(outbox_id) = 16) REFERENCES outbox (id),
    outcome TEXT NOT NULL CHECK (outcome IN ('heard', 'refused', 'failed', 'gone')),
    -- What the receiver answered, where it did.
    status INTEGER CHECK (status BETWEEN 100 AND 599),
    said TEXT CHECK (length(said) BETWEEN 1 AND 500),
    millis INTEGER NOT NULL CHECK (millis >= 0),
    at INTEGER NOT NULL,
    PRIMARY KEY (webhook_id, number)
) STRICT;

CREATE TRIGGER webhook_calls_no_update BEFORE UPDATE ON webhook_calls
BEGIN
    SELECT RAISE(ABORT, 'append-only: webhook_calls');
END;

CREATE TRIGGER webhook_calls_no_delete BEFORE DELETE ON webhook_calls
BEGIN
    SELECT RAISE(ABORT, 'append-only: webhook_calls');
END;
