-- The tables of one issuer. Names are unqualified: run this with the issuer's schema as search_path.

-- One row a client. The document is kept as text, byte for byte: jsonb would reorder and rewrite it.
CREATE TABLE clients (
    id       text COLLATE "C" PRIMARY KEY,
    revision bigint NOT NULL,
    name     text COLLATE "C",
    document text NOT NULL
);

-- For listings by the beginning of a name.
CREATE INDEX clients_name ON clients (name, id);

-- The signing keys, private ones sealed: one row, or none.
CREATE TABLE key_set (
    id       smallint PRIMARY KEY CHECK (id = 1),
    revision bigint NOT NULL,
    document text NOT NULL
);

-- One row a spent proof. Ids are digests of 32 bytes, until is in unix seconds.
CREATE TABLE claims (
    id    bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    until bigint NOT NULL
);

CREATE INDEX claims_until ON claims (until);

-- One row an opaque token or a revocation, the latter without document.
CREATE TABLE tokens (
    id       bytea PRIMARY KEY CHECK (octet_length(id) = 32),
    until    bigint NOT NULL,
    document text
);

CREATE INDEX tokens_until ON tokens (until);
