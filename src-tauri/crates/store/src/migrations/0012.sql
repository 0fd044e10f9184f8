-- Requests that a person keeps under a name, by function. What is sent is the window's business: JSON.
CREATE TABLE saved_requests (
    id         TEXT PRIMARY KEY,
    connection TEXT NOT NULL,
    namespace  TEXT NOT NULL,
    function   TEXT NOT NULL,
    name       TEXT NOT NULL COLLATE NOCASE,
    preview    TEXT NOT NULL,
    content    TEXT NOT NULL,
    updated    INTEGER NOT NULL,
    UNIQUE (connection, namespace, function, name)
) STRICT, WITHOUT ROWID;
