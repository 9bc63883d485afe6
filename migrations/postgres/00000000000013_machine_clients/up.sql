-- Programs that get tokens from the service itself, and by what they prove who they are.

CREATE TABLE machine_clients (
    id uuid PRIMARY KEY NOT NULL,
    -- For whom it acts: one of the two.
    organiser_id uuid REFERENCES organisers (id),
    provider_id uuid REFERENCES providers (id),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    role text NOT NULL CHECK (length(role) BETWEEN 1 AND 64),
    -- What its tokens may be good for, with blanks between.
    scopes text NOT NULL CHECK (length(scopes) BETWEEN 1 AND 4000),
    registered_by text NOT NULL CHECK (length(registered_by) BETWEEN 1 AND 255),
    registered_at timestamptz NOT NULL,
    ended_by text CHECK (length(ended_by) BETWEEN 1 AND 255),
    ended_at timestamptz,
    CHECK ((organiser_id IS NULL) <> (provider_id IS NULL)),
    CHECK ((provider_id IS NOT NULL) = (role = 'provider')),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);

CREATE INDEX machine_clients_of_organiser ON machine_clients (organiser_id ASC, id ASC) WHERE organiser_id IS NOT NULL;

CREATE INDEX machine_clients_of_provider ON machine_clients (provider_id ASC, id ASC) WHERE provider_id IS NOT NULL;

CREATE TRIGGER machine_clients_made_is_final BEFORE UPDATE OF
    id, organiser_id, provider_id, name, role, scopes, registered_by, registered_at
OR DELETE OR TRUNCATE ON machine_clients
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER machine_clients_ended_is_final BEFORE UPDATE ON machine_clients
FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION refuse_change();

-- A public key, or the hash of a secret; of a secret, with its last moment.
CREATE TABLE machine_credentials (
    id uuid PRIMARY KEY NOT NULL,
    machine_client_id uuid NOT NULL REFERENCES machine_clients (id),
    kid text CHECK (length(kid) BETWEEN 1 AND 200),
    jwk text CHECK (length(jwk) BETWEEN 2 AND 4000),
    secret_hash bytea CHECK (length(secret_hash) = 32),
    valid_until timestamptz,
    added_by text NOT NULL CHECK (length(added_by) BETWEEN 1 AND 255),
    added_at timestamptz NOT NULL,
    ended_by text CHECK (length(ended_by) BETWEEN 1 AND 255),
    ended_at timestamptz,
    CHECK ((kid IS NULL) = (jwk IS NULL)),
    CHECK ((kid IS NULL) <> (secret_hash IS NULL)),
    CHECK (secret_hash IS NULL OR valid_until IS NOT NULL),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL))
);

CREATE INDEX machine_credentials_of_client ON machine_credentials (machine_client_id ASC, id ASC);

-- Two keys of one name could not be told apart.
CREATE UNIQUE INDEX machine_credentials_kid ON machine_credentials (machine_client_id ASC, kid ASC)
WHERE kid IS NOT NULL AND ended_at IS NULL;

CREATE TRIGGER machine_credentials_made_is_final BEFORE UPDATE OF
    id, machine_client_id, kid, jwk, secret_hash, valid_until, added_by, added_at
OR DELETE OR TRUNCATE ON machine_credentials
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TRIGGER machine_credentials_ended_is_final BEFORE UPDATE ON machine_credentials
FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION refuse_change();

-- Assertions by which tokens were got: none gets a second one. Forgotten once they have expired.
CREATE TABLE used_assertions (
    machine_client_id uuid NOT NULL REFERENCES machine_clients (id),
    jti_hash bytea NOT NULL CHECK (length(jti_hash) = 32),
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (machine_client_id, jti_hash)
);

CREATE INDEX used_assertions_expiry ON used_assertions (expires_at ASC);
