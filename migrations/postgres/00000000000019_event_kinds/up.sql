-- From which place on there is something of each kind: a process of an earlier release sees here that there is something that
-- it does not know, and goes no further.
CREATE TABLE event_kinds (
    kind text PRIMARY KEY NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    first bigint NOT NULL CHECK (first > 0)
);

INSERT INTO event_kinds (kind, first)
SELECT kind, min(position) FROM outbox WHERE position IS NOT NULL GROUP BY kind;
