-- The issuers whose assertions are grants: one row each, as the clients have. The id is the `iss` of its assertions, and the
-- document is kept as text, byte for byte.

CREATE TABLE trusted_issuers (
    id       text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    document text NOT NULL
);
