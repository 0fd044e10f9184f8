-- How the caller names an accepted request, so that it can be cancelled by that name while it waits or runs. Several may
-- have one name: a function that calls others passes its own on.
ALTER TABLE queue ADD COLUMN call_id TEXT;
CREATE INDEX queue_called ON queue (call_id) WHERE call_id IS NOT NULL;
