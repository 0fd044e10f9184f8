-- OpenWhisk's packages, triggers and rules. They share one set of names in a namespace, so they share a table; the
-- triggers here are fired over OpenWhisk's API and have nothing to do with the table `triggers`.
CREATE TABLE entities (
    namespace   TEXT NOT NULL REFERENCES namespaces (name) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    version     TEXT NOT NULL,
    publish     INTEGER NOT NULL,
    annotations TEXT NOT NULL,
    -- What is particular to its kind: one JSON object with one key, the kind.
    content     TEXT NOT NULL,
    updated     INTEGER NOT NULL,
    PRIMARY KEY (namespace, name)
) STRICT, WITHOUT ROWID;

-- Packages were no more than a part of a function's name until now.
INSERT INTO entities (namespace, name, version, publish, annotations, content, updated)
    SELECT namespace, substr(name, 1, instr(name, '/') - 1), '0.0.1', 0, '[]',
           '{"package":{"parameters":[],"binding":null}}', max(updated)
    FROM functions WHERE instr(name, '/') > 0
    GROUP BY namespace, substr(name, 1, instr(name, '/') - 1);

-- What a record says beyond its columns (a JSON list of pairs); NULL where that is nothing.
ALTER TABLE bodies ADD COLUMN annotations ANY;
