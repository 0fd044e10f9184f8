-- What Spaces' clients sent of a function and is not built (yet). Once it is, the function has it, and the row goes.
CREATE TABLE spaces_deployments (
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    function  TEXT NOT NULL,
    id        TEXT NOT NULL,
    revision  TEXT NOT NULL,
    document  TEXT NOT NULL,
    failure   TEXT,
    created   INTEGER NOT NULL,
    updated   INTEGER NOT NULL,
    PRIMARY KEY (namespace, function)
) STRICT;

-- Triggers of a space, as their clients describe them, without passwords.
CREATE TABLE spaces_triggers (
    id        TEXT PRIMARY KEY,
    namespace TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    document  TEXT NOT NULL,
    created   INTEGER NOT NULL
) STRICT;
CREATE INDEX spaces_triggers_by_namespace ON spaces_triggers (namespace, created, id);
