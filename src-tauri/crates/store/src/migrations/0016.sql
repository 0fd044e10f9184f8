-- What triggers left at brokers that could not be told when they were changed or deleted. Of a `whole` one the broker is
-- to keep nothing at all, and nobody connects for the trigger there any more; of another it is to keep nothing of
-- `subscription`, which is told it by the trigger's next connection.
CREATE TABLE leftovers (
    n            INTEGER PRIMARY KEY AUTOINCREMENT,
    trigger      TEXT NOT NULL,
    server       TEXT NOT NULL,
    subscription TEXT NOT NULL,
    credential   TEXT NOT NULL,
    whole        INTEGER NOT NULL,
    since        INTEGER NOT NULL
) STRICT;
CREATE INDEX leftovers_by_trigger ON leftovers (trigger, server);
