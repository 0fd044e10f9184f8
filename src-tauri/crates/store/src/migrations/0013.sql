-- How many workers of a function somebody wished to be ready, until it is saved again: REPLACE forgets it with the row.
ALTER TABLE functions ADD COLUMN wished INTEGER;
