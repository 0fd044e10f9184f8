-- Accepted runs are on disk in a file of their own before they are here (src/intake). `last` is the place in the order of
-- arrival of the last one that came from it: what the file has up to there is known, though it may be gone again.
CREATE TABLE intake (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    last     INTEGER NOT NULL
) STRICT;
INSERT INTO intake VALUES (1, 0);
