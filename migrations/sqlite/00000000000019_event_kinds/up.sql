-- From which place on there is something of each kind: a process of an earlier release sees here that there is something that
-- it does not know, and goes no further.
CREATE TABLE event_kinds (
    kind TEXT PRIMARY KEY NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    first INTEGER NOT NULL CHECK (first > 0)
) STRICT;

INSERT INTO event_kinds (kind, first)
SELECT kind, min(position) FROM outbox WHERE position IS NOT NULL GROUP BY kind;
