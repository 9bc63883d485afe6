-- What every command leaves behind: who did what (audit), what is to be told (outbox), what was answered (idempotency).
-- Ids and times are made by the service.

-- For triggers of append-only tables: BEFORE UPDATE OR DELETE OR TRUNCATE … FOR EACH STATEMENT.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

-- Each of the chains is a sequence of audit rows, every one holding the hash of the row before it.
CREATE TABLE audit_chains (
    chain integer PRIMARY KEY NOT NULL CHECK (chain BETWEEN 0 AND 15),
    length bigint NOT NULL CHECK (length >= 0),
    head_hash bytea NOT NULL CHECK (length(head_hash) = 32)
);

INSERT INTO audit_chains (chain, length, head_hash)
SELECT n, 0, decode(repeat('00', 32), 'hex') FROM generate_series(0, 15) AS n;

CREATE TABLE audit_log (
    id uuid PRIMARY KEY NOT NULL,
    at timestamptz NOT NULL,
    organiser_id uuid,
    actor text NOT NULL CHECK (length(actor) BETWEEN 1 AND 255),
    role text NOT NULL CHECK (length(role) BETWEEN 1 AND 32),
    action text NOT NULL CHECK (length(action) BETWEEN 1 AND 64),
    target_kind text NOT NULL CHECK (length(target_kind) BETWEEN 1 AND 64),
    target_id uuid,
    person_id uuid,
    request_id uuid NOT NULL,
    details text NOT NULL CHECK (length(details) BETWEEN 2 AND 16384),
    chain integer NOT NULL REFERENCES audit_chains (chain),
    position bigint NOT NULL CHECK (position >= 1),
    prev_hash bytea NOT NULL CHECK (length(prev_hash) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32)
);

CREATE UNIQUE INDEX audit_log_chain_position ON audit_log (chain ASC, position ASC);
CREATE INDEX audit_log_by_organiser ON audit_log (organiser_id ASC, id ASC);
CREATE INDEX audit_log_by_person ON audit_log (person_id ASC, id ASC) WHERE person_id IS NOT NULL;
CREATE INDEX audit_log_by_target ON audit_log (target_id ASC, id ASC) WHERE target_id IS NOT NULL;

CREATE TRIGGER audit_log_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE outbox (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid,
    kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    subject_kind text NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id uuid NOT NULL,
    payload text NOT NULL CHECK (length(payload) BETWEEN 2 AND 16384),
    at timestamptz NOT NULL,
    sent_at timestamptz
);

CREATE INDEX outbox_pending ON outbox (id ASC) WHERE sent_at IS NULL;

CREATE TABLE idempotency_keys (
    caller text NOT NULL CHECK (length(caller) BETWEEN 1 AND 300),
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    operation text NOT NULL CHECK (length(operation) BETWEEN 1 AND 64),
    body_hash bytea NOT NULL CHECK (length(body_hash) = 32),
    at timestamptz NOT NULL,
    status integer CHECK (status BETWEEN 100 AND 599),
    response text CHECK (length(response) <= 4000000),
    location text CHECK (length(location) <= 2048),
    organiser_id uuid,
    person_id uuid,
    target_kind text CHECK (length(target_kind) BETWEEN 1 AND 64),
    target_id uuid,
    PRIMARY KEY (caller, key)
);

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at ASC);
