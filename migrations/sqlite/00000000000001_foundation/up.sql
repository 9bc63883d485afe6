-- What every command leaves behind: who did what (audit), what is to be told (outbox), what was answered (idempotency).
-- Ids and times are made by the service. A moment is microseconds since 1970, an id 16 bytes.

-- Each of the chains is a sequence of audit rows, every one holding the hash of the row before it.
CREATE TABLE audit_chains (
    chain INTEGER PRIMARY KEY NOT NULL CHECK (chain BETWEEN 0 AND 15),
    length INTEGER NOT NULL CHECK (length >= 0),
    head_hash BLOB NOT NULL CHECK (length(head_hash) = 32)
) STRICT;

INSERT INTO audit_chains (chain, length, head_hash)
VALUES
    (0, 0, zeroblob(32)), (1, 0, zeroblob(32)), (2, 0, zeroblob(32)), (3, 0, zeroblob(32)),
    (4, 0, zeroblob(32)), (5, 0, zeroblob(32)), (6, 0, zeroblob(32)), (7, 0, zeroblob(32)),
    (8, 0, zeroblob(32)), (9, 0, zeroblob(32)), (10, 0, zeroblob(32)), (11, 0, zeroblob(32)),
    (12, 0, zeroblob(32)), (13, 0, zeroblob(32)), (14, 0, zeroblob(32)), (15, 0, zeroblob(32));

CREATE TABLE audit_log (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    organiser_id BLOB CHECK (length(organiser_id) = 16),
    actor TEXT NOT NULL CHECK (length(actor) BETWEEN 1 AND 255),
    role TEXT NOT NULL CHECK (length(role) BETWEEN 1 AND 32),
    action TEXT NOT NULL CHECK (length(action) BETWEEN 1 AND 64),
    target_kind TEXT NOT NULL CHECK (length(target_kind) BETWEEN 1 AND 64),
    target_id BLOB CHECK (length(target_id) = 16),
    person_id BLOB CHECK (length(person_id) = 16),
    request_id BLOB NOT NULL CHECK (length(request_id) = 16),
    details TEXT NOT NULL CHECK (length(details) BETWEEN 2 AND 16384),
    chain INTEGER NOT NULL REFERENCES audit_chains (chain),
    position INTEGER NOT NULL CHECK (position >= 1),
    prev_hash BLOB NOT NULL CHECK (length(prev_hash) = 32),
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

CREATE UNIQUE INDEX audit_log_chain_position ON audit_log (chain ASC, position ASC);
CREATE INDEX audit_log_by_organiser ON audit_log (organiser_id ASC, id ASC);
CREATE INDEX audit_log_by_person ON audit_log (person_id ASC, id ASC) WHERE person_id IS NOT NULL;
CREATE INDEX audit_log_by_target ON audit_log (target_id ASC, id ASC) WHERE target_id IS NOT NULL;

CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_log');
END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_log');
END;

CREATE TABLE outbox (
    id BLOB PRIMARY KEY NOT NULL CHECK (length(id) = 16),
    organiser_id BLOB CHECK (length(organiser_id) = 16),
    kind TEXT NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    subject_kind TEXT NOT NULL CHECK (length(subject_kind) BETWEEN 1 AND 64),
    subject_id BLOB NOT NULL CHECK (length(subject_id) = 16),
    payload TEXT NOT NULL CHECK (length(payload) BETWEEN 2 AND 16384),
    at INTEGER NOT NULL,
    sent_at INTEGER
) STRICT;

CREATE INDEX outbox_pending ON outbox (id ASC) WHERE sent_at IS NULL;

CREATE TABLE idempotency_keys (
    caller TEXT NOT NULL CHECK (length(caller) BETWEEN 1 AND 300),
    key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    operation TEXT NOT NULL CHECK (length(operation) BETWEEN 1 AND 64),
    body_hash BLOB NOT NULL CHECK (length(body_hash) = 32),
    at INTEGER NOT NULL,
    status INTEGER CHECK (status BETWEEN 100 AND 599),
    response TEXT CHECK (length(response) <= 4000000),
    location TEXT CHECK (length(location) <= 2048),
    organiser_id BLOB CHECK (length(organiser_id) = 16),
    person_id BLOB CHECK (length(person_id) = 16),
    target_kind TEXT CHECK (length(target_kind) BETWEEN 1 AND 64),
    target_id BLOB CHECK (length(target_id) = 16),
    PRIMARY KEY (caller, key)
) STRICT;

CREATE INDEX idempotency_keys_by_time ON idempotency_keys (at ASC);
