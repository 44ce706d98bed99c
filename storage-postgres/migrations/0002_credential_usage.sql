-- When each credential was last used. Apart from the clients, so that no use of a secret is a change of its client, and
-- without a reference to them: clients may be kept elsewhere.

CREATE TABLE credential_usage (
    client_id     text COLLATE "C",
    credential_id text COLLATE "C",
    last_used     bigint NOT NULL, -- in unix seconds
    PRIMARY KEY (client_id, credential_id)
);

-- For forgetting those of which nothing was heard for long.
CREATE INDEX credential_usage_last_used ON credential_usage (last_used);
