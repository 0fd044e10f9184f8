-- The queue: leases, retries, dead letters, and functions whose queue is paused.

-- Who runs it (the start of an engine; none: it waits), and until when it is theirs unless they say so again.
ALTER TABLE queue ADD COLUMN owner BLOB;
ALTER TABLE queue ADD COLUMN until INTEGER;
-- A run that is to be tried again: when, and how long a wait that was, ms. The second bounds the first when the clock
-- was changed meanwhile.
ALTER TABLE queue ADD COLUMN not_before INTEGER;
ALTER TABLE queue ADD COLUMN wait_ms INTEGER NOT NULL DEFAULT 0;
-- Attempts that do not count any more, because it was taken back from the dead letters after them.
ALTER TABLE queue ADD COLUMN forgiven INTEGER NOT NULL DEFAULT 0;
-- What had begun under an older Beckon belongs to nobody alive.
UPDATE queue SET owner = zeroblob(16), until = 0 WHERE begun = 1;
DROP INDEX queue_waiting;
ALTER TABLE queue DROP COLUMN begun;
CREATE INDEX queue_leased ON queue (until) WHERE owner IS NOT NULL;

-- Runs that failed as often as they may. `n` is the record's; a record that goes takes its dead letter along.
CREATE TABLE dead_letters (
    n        INTEGER PRIMARY KEY REFERENCES activations (n) ON DELETE CASCADE,
    place    INTEGER NOT NULL REFERENCES places (id),
    policy   TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX dead_letters_by_place ON dead_letters (place);

-- Functions whose accepted runs stay where they are.
CREATE TABLE paused_queues (
    place INTEGER PRIMARY KEY REFERENCES places (id),
    since INTEGER NOT NULL
) STRICT;
