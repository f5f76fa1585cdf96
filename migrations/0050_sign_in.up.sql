-- Signing in to the dashboard: one-time codes, and what a browser's cookie stands for. Both by digest alone, and in the
-- database, so that any node redeems what another has issued.
CREATE TABLE sign_in_sessions (
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    tenant int4 NOT NULL REFERENCES tenants,
    id text NOT NULL,
    subject text NOT NULL,
    roles text[] NOT NULL,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    -- The token that the session was made from (its jti), and the local key that had signed it: a session ends with
    -- either.
    token_id text,
    key_id text,
    PRIMARY KEY (tenant, id)
);
CREATE INDEX sign_in_sessions_expiry ON sign_in_sessions (tenant, expires_at);

CREATE TABLE sign_in_codes (
    expires_at timestamptz NOT NULL,
    session_expires_at timestamptz NOT NULL,
    tenant int4 NOT NULL REFERENCES tenants,
    subject text NOT NULL,
    roles text[] NOT NULL,
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    token_id text,
    key_id text
);
CREATE INDEX sign_in_codes_expiry ON sign_in_codes (tenant, expires_at);

CREATE TRIGGER sign_in_sessions_access AFTER UPDATE OF ended_at ON sign_in_sessions
    FOR EACH ROW EXECUTE FUNCTION access_changed('tenant');

SELECT isolate_tenants();
