-- What DigitalOcean's control plane says of a namespace, and tokens of an account.

-- Empty: nobody asked for a region.
ALTER TABLE namespaces ADD COLUMN region TEXT NOT NULL DEFAULT '';
ALTER TABLE namespaces ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
UPDATE namespaces SET updated = created;

-- A token of an account is in no namespace.
CREATE TABLE tokens_anew (
    id        TEXT PRIMARY KEY,
    name      TEXT NOT NULL,
    kind      TEXT NOT NULL,
    namespace TEXT REFERENCES namespaces (name) ON DELETE CASCADE,
    function  TEXT,
    hint      TEXT NOT NULL,
    hash      BLOB NOT NULL,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    expires   INTEGER,
    last_used INTEGER,
    revoked   INTEGER,
    kept      INTEGER NOT NULL
) STRICT;
INSERT INTO tokens_anew (id, name, kind, namespace, function, hint, hash, created, updated, expires, last_used, revoked, kept)
    SELECT id, name, kind, namespace, function, hint, hash, created, created, expires, last_used, revoked, kept FROM tokens;
DROP TABLE tokens;
ALTER TABLE tokens_anew RENAME TO tokens;
CREATE INDEX tokens_by_scope ON tokens (namespace, function);
