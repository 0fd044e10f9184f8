-- Callbacks and deliveries with their history, and the inboxes that receive them.

-- What accepted runs owe their callers when they are over: a callback as JSON. A row goes in the transaction that
-- makes its delivery.
CREATE TABLE callbacks (
    run      BLOB PRIMARY KEY,
    callback TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- `n` is the order of arrival. `target` is the destination as it is, `shown` without credentials, `origin` what
-- attempts are counted by so that a slow receiver holds up nobody else. `headers` is a JSON list of pairs, each
-- character of a value one byte. `body`: BLOB, compressed with zstd when `packed`.
CREATE TABLE deliveries (
    n         INTEGER PRIMARY KEY AUTOINCREMENT,
    id        TEXT NOT NULL UNIQUE,
    run       BLOB NOT NULL,
    namespace TEXT NOT NULL,
    function  TEXT NOT NULL,
    purpose   TEXT NOT NULL,
    call_id   TEXT,
    kind      TEXT NOT NULL,
    shown     TEXT NOT NULL,
    target    TEXT NOT NULL,
    origin    TEXT NOT NULL,
    headers   TEXT NOT NULL,
    follow    TEXT,
    body      BLOB NOT NULL,
    packed    INTEGER NOT NULL,
    bytes     INTEGER NOT NULL,
    state     TEXT NOT NULL,
    created   INTEGER NOT NULL,
    due       INTEGER,
    ended     INTEGER,
    attempts  INTEGER NOT NULL DEFAULT 0,
    allowed   INTEGER NOT NULL
) STRICT;
CREATE INDEX deliveries_due ON deliveries (due) WHERE due IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (state) WHERE state <> 'delivered';
CREATE INDEX deliveries_of_run ON deliveries (run);
CREATE INDEX deliveries_by_call ON deliveries (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX deliveries_by_function ON deliveries (namespace, function);
CREATE INDEX deliveries_ended ON deliveries (ended) WHERE ended IS NOT NULL;

-- `ms` and `error` are NULL while an attempt lasts.
CREATE TABLE delivery_attempts (
    delivery INTEGER NOT NULL REFERENCES deliveries (n) ON DELETE CASCADE,
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    ms       REAL,
    status   INTEGER,
    error    TEXT,
    hint     TEXT,
    request  TEXT NOT NULL DEFAULT '[]',
    response TEXT NOT NULL DEFAULT '[]',
    excerpt  TEXT,
    PRIMARY KEY (delivery, number)
) STRICT, WITHOUT ROWID;

-- `key` is what the inbox of a topic, queue or stream is found by; NULL for callback inboxes.
CREATE TABLE inboxes (
    id      TEXT PRIMARY KEY,
    kind    TEXT NOT NULL,
    label   TEXT NOT NULL,
    key     TEXT UNIQUE,
    created INTEGER NOT NULL,
    answer  INTEGER NOT NULL,
    run     BLOB
) STRICT, WITHOUT ROWID;
CREATE INDEX inboxes_of_run ON inboxes (run) WHERE run IS NOT NULL;

CREATE TABLE inbox_messages (
    n        INTEGER PRIMARY KEY AUTOINCREMENT,
    inbox    TEXT NOT NULL REFERENCES inboxes (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL,
    method   TEXT NOT NULL,
    path     TEXT NOT NULL,
    query    TEXT NOT NULL,
    headers  TEXT NOT NULL,
    form     TEXT NOT NULL,
    document ANY NOT NULL,
    bytes    INTEGER NOT NULL,
    run      BLOB,
    matched  TEXT
) STRICT;
CREATE INDEX inbox_messages_of_inbox ON inbox_messages (inbox, n);
CREATE INDEX inbox_messages_of_run ON inbox_messages (run) WHERE run IS NOT NULL;
CREATE INDEX inbox_messages_at ON inbox_messages (at);
