-- Initial access tokens: one row each, with how many clients were registered with it. The document holds a digest of the
-- token, and is kept as text, byte for byte.

CREATE TABLE initial_access (
    id       text COLLATE "C" PRIMARY KEY,
    uses     bigint NOT NULL,
    document text NOT NULL
);
