-- Who may act for whom, what was done for a client by another, and what is known of how offerings have served.

-- What an organiser has recorded of a person who acts for its client. The person need not be anybody's client.
CREATE TABLE mandates (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    client_id uuid NOT NULL REFERENCES clients (id),
    person_id uuid NOT NULL REFERENCES persons (id),
    representative_id uuid NOT NULL REFERENCES persons (id),
    representative_name_sealed bytea NOT NULL CHECK (length(representative_name_sealed) BETWEEN 40 AND 1000),
    scope text NOT NULL CHECK (scope IN ('vouchers', 'vouchers_read')),
    basis text NOT NULL CHECK (basis IN ('guardian', 'continuing_power', 'authorisation', 'parent', 'other')),
    note_sealed bytea CHECK (length(note_sealed) BETWEEN 40 AND 9000),
    valid_from date NOT NULL,
    valid_to date CHECK (valid_to >= valid_from),
    recorded_by text NOT NULL CHECK (length(recorded_by) BETWEEN 1 AND 255),
    recorded_at timestamptz NOT NULL,
    end_reason text CHECK (end_reason IN ('withdrawn', 'basis_ended', 'mistake', 'other')),
    end_note_sealed bytea CHECK (length(end_note_sealed) BETWEEN 40 AND 9000),
    ended_by text CHECK (length(ended_by) BETWEEN 1 AND 255),
    ended_at timestamptz,
    CONSTRAINT mandates_not_for_oneself CHECK (representative_id <> person_id),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK (ended_at IS NULL OR valid_to IS NOT NULL),
    CHECK (ended_at IS NOT NULL OR end_note_sealed IS NULL)
);

CREATE UNIQUE INDEX mandates_open ON mandates (client_id ASC, representative_id ASC, scope ASC) WHERE valid_to IS NULL;

CREATE INDEX mandates_by_client ON mandates (client_id ASC, id ASC);

CREATE INDEX mandates_by_representative ON mandates (representative_id ASC, id ASC);

CREATE FUNCTION mandates_no_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM mandates AS o
        WHERE o.id <> NEW.id AND o.client_id = NEW.client_id AND o.representative_id = NEW.representative_id
          AND o.scope = NEW.scope
          AND (o.valid_to IS NULL OR NEW.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR o.valid_from < NEW.valid_to)
          AND (o.valid_to IS NULL OR o.valid_from < o.valid_to)
          AND (NEW.valid_to IS NULL OR NEW.valid_from < NEW.valid_to)
    ) THEN
        RAISE EXCEPTION 'check: mandates_no_overlap' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER mandates_no_overlap BEFORE INSERT OR UPDATE ON mandates
FOR EACH ROW EXECUTE FUNCTION mandates_no_overlap();

-- What was recorded stays; a mandate can only be ended, once.
CREATE TRIGGER mandates_recorded_is_final BEFORE UPDATE OF
    id, organiser_id, client_id, person_id, representative_id, representative_name_sealed, scope, basis, note_sealed,
    valid_from, recorded_by, recorded_at
OR DELETE OR TRUNCATE ON mandates
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER mandates_ended_is_final BEFORE UPDATE ON mandates
FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL) EXECUTE FUNCTION refuse_change();

-- What was done about a voucher for its holder, by a representative with a mandate or by a case worker to whom the
-- holder has consented. What the holder has done has no row.
CREATE TABLE acts_on_behalf (
    id uuid PRIMARY KEY NOT NULL,
    organiser_id uuid NOT NULL REFERENCES organisers (id),
    voucher_id uuid NOT NULL REFERENCES vouchers (id),
    person_id uuid NOT NULL REFERENCES persons (id),
    act text NOT NULL CHECK (act IN ('accept', 'refuse', 'choose', 'withdraw')),
    subject_id uuid NOT NULL,
    maker text NOT NULL CHECK (maker IN ('representative', 'case_worker')),
    mandate_id uuid REFERENCES mandates (id),
    how text CHECK (how IN ('in_person', 'phone', 'video', 'letter', 'message')),
    given_on date,
    note_sealed bytea CHECK (length(note_sealed) BETWEEN 40 AND 9000),
    recorded_by text NOT NULL CHECK (length(recorded_by) BETWEEN 1 AND 255),
    recorded_at timestamptz NOT NULL,
    CHECK ((maker = 'representative') = (mandate_id IS NOT NULL)),
    CHECK ((maker = 'case_worker') = (how IS NOT NULL)),
    CHECK ((maker = 'case_worker') = (given_on IS NOT NULL)),
    CHECK (maker = 'case_worker' OR note_sealed IS NULL)
);

CREATE INDEX acts_on_behalf_by_voucher ON acts_on_behalf (voucher_id ASC, id ASC);

CREATE TRIGGER acts_on_behalf_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON acts_on_behalf
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is shown of how an offering has served, as it was found on a day. What is of too few is not in it.
CREATE TABLE offering_quality (
    offering_id uuid PRIMARY KEY NOT NULL REFERENCES offerings (id),
    facts text NOT NULL CHECK (length(facts) BETWEEN 2 AND 4000),
    computed_day date NOT NULL
);

CREATE INDEX choices_for_quality ON choices (offering_id ASC, valid_from ASC);

CREATE INDEX service_events_for_quality ON service_events (choice_id ASC, day ASC);
