-- What has happened gets a place in the order in which it is told, so that nothing is passed over by whoever reads on
-- from the last that was heard: messages become visible in another order than that of their ids.

DROP INDEX outbox_pending;

ALTER TABLE outbox DROP COLUMN sent_at;

-- Which provider hears of it, besides the organiser.
ALTER TABLE outbox ADD COLUMN provider_id uuid;

-- None until it is given: by one process at a time.
ALTER TABLE outbox ADD COLUMN position bigint CHECK (position > 0);

CREATE INDEX outbox_unplaced ON outbox (id ASC) WHERE position IS NULL;

CREATE UNIQUE INDEX outbox_position ON outbox (position ASC) WHERE position IS NOT NULL;

CREATE INDEX outbox_of_organiser ON outbox (organiser_id ASC, position ASC) WHERE position IS NOT NULL;

CREATE INDEX outbox_of_provider ON outbox (provider_id ASC, position ASC)
WHERE provider_id IS NOT NULL AND position IS NOT NULL;

-- The last place that was given. Whoever gives the next takes this row first.
CREATE TABLE event_places (
    one integer PRIMARY KEY NOT NULL CHECK (one = 1),
    last bigint NOT NULL CHECK (last >= 0)
);

INSERT INTO event_places (one, last) VALUES (1, 0);
