-- What choosing rests on: how each offering stood at each revision of the registry, and which lists were shown for vouchers.

-- An offering as clients compare it, from a revision of the registry on, until the next. Whatever list was shown can be
-- made again from it.
CREATE TABLE offering_states (
    offering_id uuid NOT NULL REFERENCES offerings (id),
    revision bigint NOT NULL CHECK (revision >= 0),
    until bigint CHECK (until > revision),
    voucher_type_id uuid NOT NULL REFERENCES voucher_types (id),
    document text NOT NULL CHECK (length(document) BETWEEN 2 AND 1000000),
    PRIMARY KEY (offering_id, revision)
);

CREATE UNIQUE INDEX offering_states_present ON offering_states (offering_id ASC) WHERE until IS NULL;

CREATE INDEX offering_states_by_revision ON offering_states (revision ASC);

CREATE INDEX offering_states_by_voucher_type ON offering_states (voucher_type_id ASC, revision ASC);

-- How it stood stays; only its end can still be set, once.
CREATE TRIGGER offering_states_is_final BEFORE UPDATE OF
    offering_id, revision, voucher_type_id, document
OR DELETE OR TRUNCATE ON offering_states
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER offering_states_end_is_final BEFORE UPDATE OF until ON offering_states
FOR EACH ROW WHEN (OLD.until IS NOT NULL) EXECUTE FUNCTION refuse_change();

-- A page of a list of choices as it was shown for a voucher: which offerings in which order, by which rule, and all that
-- was asked and known.
CREATE TABLE shown_lists (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    person_id uuid NOT NULL REFERENCES persons (id),
    revision bigint NOT NULL CHECK (revision >= 0),
    day date NOT NULL,
    rule text NOT NULL CHECK (length(rule) BETWEEN 1 AND 64),
    asked_sealed bytea NOT NULL CHECK (length(asked_sealed) BETWEEN 40 AND 32768),
    total bigint NOT NULL CHECK (total >= 0),
    offerings bytea NOT NULL CHECK (length(offerings) BETWEEN 0 AND 1600) CHECK (length(offerings) % 16 = 0),
    shown_to text NOT NULL CHECK (length(shown_to) BETWEEN 1 AND 255),
    shown_as text NOT NULL CHECK (length(shown_as) BETWEEN 1 AND 64),
    shown_at timestamptz NOT NULL
);

CREATE INDEX shown_lists_by_voucher ON shown_lists (voucher_id ASC, id ASC);

CREATE TRIGGER shown_lists_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shown_lists
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- By what is looked for whenever an offering is put together, priced or chosen.
CREATE INDEX offering_prices_by_offering ON offering_prices (offering_id ASC, valid_from ASC);

CREATE INDEX offerings_by_voucher_type ON offerings (voucher_type_id ASC, id ASC);

CREATE INDEX provider_sectors_by_provider ON provider_sectors (provider_id ASC, valid_from ASC);

CREATE INDEX approvals_by_unit ON approvals (unit_id ASC, voucher_type_id ASC, id ASC);

CREATE INDEX applications_by_unit ON applications (unit_id ASC, voucher_type_id ASC, id ASC);

-- Up to which revision it was noted how offerings stand: a process of the release before changes them without.
ALTER TABLE registry_revision ADD COLUMN noted bigint NOT NULL DEFAULT 0 CHECK (noted >= 0);
UPDATE registry_revision SET noted = revision;

-- How the offerings stand that there are already is found by the service, before it opens.
INSERT INTO installation (name, value)
SELECT 'offering_states_are_due', 'since migration' WHERE EXISTS (SELECT 1 FROM offerings);
