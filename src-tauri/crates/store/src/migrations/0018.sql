-- The callback that the run of a dead letter owed, as in `callbacks`: retried, it owes it again.
ALTER TABLE dead_letters ADD COLUMN callback TEXT;
