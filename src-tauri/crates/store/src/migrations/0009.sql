-- What an image's name stands for on this machine: a folder with code, or (none) the deployment's own process.
CREATE TABLE images (
    name    TEXT PRIMARY KEY,
    folder  TEXT,
    created INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What OpenFaaS' clients say of a namespace beside its name: JSON objects of texts.
CREATE TABLE namespace_notes (
    namespace   TEXT PRIMARY KEY REFERENCES namespaces (name) ON DELETE CASCADE,
    labels      TEXT NOT NULL,
    annotations TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Names of secrets that functions of a namespace find as files. The values are in the secret store.
CREATE TABLE namespace_secrets (
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    updated   INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;
