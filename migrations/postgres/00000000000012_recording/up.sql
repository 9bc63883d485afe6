-- How services are recorded: by the provider's own reference, visits that the client missed, and what is not finished.

-- By what the provider knows it, so that a batch that is sent again records nothing twice. Whether the client was there;
-- and if not, when it was said, and why, by a code of the rulebook.
ALTER TABLE service_events
    ADD COLUMN reference text CHECK (length(reference) BETWEEN 1 AND 64),
    ADD COLUMN kind text NOT NULL DEFAULT 'visit' CHECK (kind IN ('visit', 'late_cancellation', 'no_show')),
    ADD COLUMN cancelled_at timestamptz
        CHECK ((cancelled_at IS NOT NULL) = (kind = 'late_cancellation')) CHECK (cancelled_at < started_at),
    ADD COLUMN reason_code text
        CHECK (length(reason_code) BETWEEN 1 AND 64) CHECK ((reason_code IS NOT NULL) = (kind <> 'visit'));

CREATE UNIQUE INDEX service_events_reference ON service_events (provider_id ASC, reference ASC)
WHERE reference IS NOT NULL;

-- Whether one like it was recorded under the voucher before.
CREATE INDEX service_events_alike ON service_events (voucher_id ASC, day ASC, started_at ASC);

-- Services that a provider has begun to record and not finished. They wait until they are recorded or discarded; when
-- something is to be told of one, and by when it is to be recorded, was found when it was last looked at.
CREATE TABLE event_drafts (
    id uuid PRIMARY KEY NOT NULL,
    provider_id uuid NOT NULL REFERENCES providers (id),
    content text NOT NULL CHECK (length(content) BETWEEN 2 AND 16384),
    state text NOT NULL CHECK (state IN ('open', 'recorded', 'discarded')),
    service_event_id uuid REFERENCES service_events (id),
    deadline date NOT NULL,
    tell_on date,
    begun_by text NOT NULL CHECK (length(begun_by) BETWEEN 1 AND 255),
    begun_at timestamptz NOT NULL,
    ended_by text CHECK (length(ended_by) BETWEEN 1 AND 255),
    ended_at timestamptz,
    version bigint NOT NULL CHECK (version >= 1),
    CHECK ((state = 'recorded') = (service_event_id IS NOT NULL)),
    CHECK ((state = 'open') = (ended_at IS NULL)),
    CHECK ((ended_by IS NULL) = (ended_at IS NULL)),
    CHECK (state = 'open' OR tell_on IS NULL)
);

CREATE INDEX event_drafts_open ON event_drafts (provider_id ASC, id ASC) WHERE state = 'open';

CREATE INDEX event_drafts_to_tell ON event_drafts (tell_on ASC, id ASC) WHERE tell_on IS NOT NULL;

CREATE TRIGGER event_drafts_ended_is_final BEFORE UPDATE ON event_drafts
FOR EACH ROW WHEN (OLD.state <> 'open') EXECUTE FUNCTION refuse_change();

CREATE TRIGGER event_drafts_no_delete BEFORE DELETE OR TRUNCATE ON event_drafts
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
