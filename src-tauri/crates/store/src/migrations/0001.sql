-- The local engine's namespaces and functions.
CREATE TABLE namespaces (
    name    TEXT PRIMARY KEY,
    label   TEXT NOT NULL,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE functions (
    id          TEXT PRIMARY KEY,
    namespace   TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    version     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    contract    TEXT NOT NULL,
    main        TEXT,
    web         TEXT NOT NULL,
    lost_policy TEXT NOT NULL,
    publish     INTEGER NOT NULL,
    timeout_ms  INTEGER NOT NULL,
    memory_mb   INTEGER NOT NULL,
    logs_kb     INTEGER NOT NULL,
    concurrency INTEGER NOT NULL,
    -- JSON lists: order is part of what was saved.
    parameters  TEXT NOT NULL,
    env         TEXT NOT NULL,
    secrets     TEXT NOT NULL,
    annotations TEXT NOT NULL,
    created     INTEGER NOT NULL,
    updated     INTEGER NOT NULL,
    UNIQUE (namespace, name)
) STRICT;

-- Code apart, so that lists of functions never read it. TEXT is one source file, BLOB a zip.
CREATE TABLE codes (
    function TEXT PRIMARY KEY REFERENCES functions (id) ON DELETE CASCADE,
    code     ANY NOT NULL
) STRICT;

CREATE TABLE tokens (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    function  TEXT,
    hint      TEXT NOT NULL,
    hash      BLOB NOT NULL,
    created   INTEGER NOT NULL,
    expires   INTEGER,
    last_used INTEGER,
    revoked   INTEGER,
    kept      INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_by_scope ON tokens (namespace, function);

CREATE TABLE connections (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    environment TEXT NOT NULL,
    api_host    TEXT NOT NULL,
    key_hint    TEXT NOT NULL,
    created     INTEGER NOT NULL,
    last_sync   INTEGER
) STRICT;

CREATE TABLE drafts (
    connection TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    function   TEXT NOT NULL,
    text       TEXT NOT NULL,
    PRIMARY KEY (connection, namespace, function)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Where runs happened. A run names its place by number.
CREATE TABLE places (
    id         INTEGER PRIMARY KEY,
    connection TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    function   TEXT NOT NULL,
    UNIQUE (connection, namespace, function)
) STRICT;

-- `n` is start * 65536 + a running number within the millisecond: the table, every index on it and the full text
-- index are in the order of time, so each can give the newest rows first without sorting.
CREATE TABLE activations (
    n        INTEGER PRIMARY KEY,
    id       BLOB NOT NULL UNIQUE,
    place    INTEGER NOT NULL REFERENCES places (id),
    status   TEXT NOT NULL,
    start    INTEGER NOT NULL,
    "end"    INTEGER,
    duration INTEGER,
    mode     TEXT NOT NULL,
    cause    TEXT NOT NULL,
    cold     INTEGER,
    pinned   INTEGER NOT NULL,
    version  TEXT NOT NULL,
    kind     TEXT NOT NULL,
    preview  TEXT NOT NULL
) STRICT;
CREATE INDEX activations_by_place ON activations (place);
CREATE INDEX activations_by_place_status ON activations (place, status) WHERE status <> 'success';
CREATE INDEX activations_by_status ON activations (status) WHERE status <> 'success';
CREATE INDEX activations_by_mode ON activations (mode) WHERE mode <> 'blocking';
CREATE INDEX activations_by_version ON activations (version);
CREATE INDEX activations_by_duration ON activations (duration);
CREATE INDEX activations_by_cold ON activations (cold) WHERE cold = 1;
CREATE INDEX activations_by_pinned ON activations (pinned) WHERE pinned = 1;

-- input, result and logs: TEXT as it is, BLOB compressed with zstd. logs is a JSON list.
CREATE TABLE bodies (
    n                INTEGER PRIMARY KEY REFERENCES activations (n) ON DELETE CASCADE,
    subject          TEXT NOT NULL,
    token_id         TEXT,
    rerun_of         BLOB,
    parent           BLOB,
    timeout_ms       INTEGER NOT NULL,
    memory_mb        INTEGER NOT NULL,
    logs_kb          INTEGER NOT NULL,
    concurrency      INTEGER NOT NULL,
    wait_ms          REAL,
    init_ms          REAL,
    run_ms           REAL,
    network_ms       REAL,
    result_bytes     INTEGER NOT NULL,
    result_truncated INTEGER NOT NULL,
    logs_truncated   INTEGER NOT NULL,
    input            ANY,
    result           ANY,
    logs             ANY
) STRICT;

-- Only the index, not the text again. `every` holds the same word in each row, so that a search that only excludes
-- words has something to exclude them from.
CREATE VIRTUAL TABLE words USING fts5 (
    logs, result, input, every, content = '', contentless_delete = 1, tokenize = 'unicode61'
);

-- The words that are in the index, for finding those with a given beginning.
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, instance);

-- How many runs started in each minute (span 60000) and hour (span 3600000); slot is start / span.
CREATE TABLE rollups (
    span              INTEGER NOT NULL,
    slot              INTEGER NOT NULL,
    place             INTEGER NOT NULL,
    pending           INTEGER NOT NULL DEFAULT 0,
    success           INTEGER NOT NULL DEFAULT 0,
    application_error INTEGER NOT NULL DEFAULT 0,
    developer_error   INTEGER NOT NULL DEFAULT 0,
    system_error      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (span, slot, place)
) STRICT, WITHOUT ROWID;

-- Accepted runs until they are over. `seq` is the order of arrival.
CREATE TABLE queue (
    seq      INTEGER PRIMARY KEY AUTOINCREMENT,
    id       BLOB NOT NULL UNIQUE,
    place    INTEGER NOT NULL REFERENCES places (id),
    policy   TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    begun    INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX queue_waiting ON queue (place) WHERE begun = 0;
