-- The table of an application that has sold access to its API for years, long before Grantor. Nothing in it was made
-- for OAuth, and Grantor changes nothing. It needs no more than:
--
--   GRANT SELECT (login, password_bcrypt, company, tenant, plan, permissions, active) ON api_customers TO grantor;
--
-- To try the example: psql "$DATABASE_URL" -f examples/custom-store/schema.sql

CREATE TABLE api_customers (
    customer_no     bigint      PRIMARY KEY,
    login           text        NOT NULL,
    password_bcrypt text        NOT NULL,
    company         text        NOT NULL,
    tenant          text        NOT NULL,
    plan            text        NOT NULL DEFAULT 'basic',
    permissions     text[]      NOT NULL DEFAULT '{}',
    active          boolean     NOT NULL DEFAULT true,
    joined_at       timestamptz NOT NULL DEFAULT now()
);

-- People type their names as they like, so the application looks at them without case.
CREATE UNIQUE INDEX api_customers_login ON api_customers (lower(login));

-- Their passwords are "correct-horse-battery" and "tr0ub4dor-and-3".
INSERT INTO api_customers (customer_no, login, password_bcrypt, company, tenant, plan, permissions, active) VALUES
    (1001, 'acme', '$2a$10$7EqJtq98hPqEX7fNZaFWoOqQbMItJWqqgPVLa2WUU4eF/J07cDI3O',
     'Acme Ltd.', 'eu-1', 'premium', '{invoice_read,invoice_write,newsletter}', true),
    (1002, 'Initech', '$2y$10$abcdefghijklmnopqrstuu1C668rNQP1hDOdllqHYzauf2qtoC73i',
     'Initech', 'us-2', 'basic', '{invoice_read}', false);
