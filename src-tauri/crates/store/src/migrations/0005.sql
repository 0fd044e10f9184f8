-- Schedules, triggers, the folders that functions come from, and the host names that functions answer to.

-- A schedule outlives its function (it is an orphan then), so that it names it by its name.
CREATE TABLE schedules (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    namespace     TEXT NOT NULL,
    function      TEXT NOT NULL,
    expression    TEXT NOT NULL,
    zone          TEXT NOT NULL,
    arguments     TEXT NOT NULL,
    missed        TEXT NOT NULL,
    enabled       INTEGER NOT NULL,
    handled_until INTEGER NOT NULL,
    last_due      INTEGER,
    last_run      BLOB,
    last_run_at   INTEGER,
    error_at      INTEGER,
    error         TEXT,
    runs          INTEGER NOT NULL DEFAULT 0,
    created       INTEGER NOT NULL,
    updated       INTEGER NOT NULL
) STRICT;
CREATE INDEX schedules_by_function ON schedules (namespace, function);

-- What became of each time: one JSON object a line.
CREATE TABLE firings (
    n        INTEGER PRIMARY KEY AUTOINCREMENT,
    schedule TEXT NOT NULL REFERENCES schedules (id) ON DELETE CASCADE,
    firing   TEXT NOT NULL
) STRICT;
CREATE INDEX firings_by_schedule ON firings (schedule);

CREATE TABLE triggers (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    namespace   TEXT NOT NULL,
    function    TEXT NOT NULL,
    server      TEXT NOT NULL,
    subject     TEXT NOT NULL,
    queue_group TEXT,
    credential  TEXT NOT NULL,
    paused      INTEGER NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL
) STRICT;
CREATE INDEX triggers_by_function ON triggers (namespace, function);

-- Whose a host name is; in lower case, without port.
CREATE TABLE domains (
    host     TEXT PRIMARY KEY,
    function TEXT NOT NULL REFERENCES functions (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX domains_by_function ON domains (function);
