-- Accounts at a provider, whose tokens are in the secret store, and the access keys that were made with them.
CREATE TABLE accounts (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    base_url   TEXT NOT NULL,
    hint       TEXT NOT NULL,
    token_kept INTEGER NOT NULL,
    created    INTEGER NOT NULL
) STRICT;

-- A connection outlives its account: its key works until it ends.
ALTER TABLE connections ADD COLUMN account TEXT REFERENCES accounts (id) ON DELETE SET NULL;
ALTER TABLE connections ADD COLUMN account_namespace TEXT;
ALTER TABLE connections ADD COLUMN key_id TEXT;
ALTER TABLE connections ADD COLUMN key_expires INTEGER;
