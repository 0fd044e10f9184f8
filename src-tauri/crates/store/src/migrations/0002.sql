-- How a function is kept, retried and reached: one JSON object, so that a new setting needs no new column.
ALTER TABLE functions ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

-- The HTTP side of a run (JSON), how often it was begun, and what kept it in its place (a JSON list of words).
ALTER TABLE bodies ADD COLUMN http ANY;
ALTER TABLE activations ADD COLUMN http_status INTEGER;
ALTER TABLE bodies ADD COLUMN attempts INTEGER NOT NULL DEFAULT 1;
ALTER TABLE bodies ADD COLUMN guards TEXT NOT NULL DEFAULT '[]';
