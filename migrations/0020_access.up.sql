-- Who may do what. A change moves the tenant's access epoch in the same transaction and tells every node, which forgets
-- what it remembers of the tenant's tokens and keys and asks again for each open stream. Nodes also look by themselves
-- twice a second, so a lost notification costs half a second.
ALTER TABLE tenants ADD COLUMN suspended_at timestamptz;

CREATE TABLE access_epochs (
    changed_at timestamptz NOT NULL,
    epoch int8 NOT NULL,
    tenant int4 PRIMARY KEY REFERENCES tenants
);
CREATE INDEX access_epochs_changed ON access_epochs (changed_at);

-- Only digests: what a key's text was is known to its owner alone.
CREATE TABLE api_keys (
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz,
    last_used_at timestamptz,
    tenant int4 NOT NULL REFERENCES tenants,
    id text NOT NULL,
    name text NOT NULL,
    roles text[] NOT NULL,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    created_by text NOT NULL,
    revoked_by text,
    PRIMARY KEY (tenant, id)
);

CREATE TABLE roles (
    tenant int4 NOT NULL REFERENCES tenants,
    name text NOT NULL,
    permissions text[] NOT NULL,
    PRIMARY KEY (tenant, name)
);

-- A role on one thing, or on a namespace, for a token's subject or for a key (`key:ID`).
CREATE TABLE grants (
    tenant int4 NOT NULL REFERENCES tenants,
    subject text NOT NULL,
    role text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('namespace', 'workflow', 'queue', 'secret')),
    name text NOT NULL,
    PRIMARY KEY (tenant, subject, role, kind, name)
);

-- Tokens that were revoked before their end, by their jti.
CREATE TABLE revoked_tokens (
    expires_at timestamptz NOT NULL,
    tenant int4 NOT NULL REFERENCES tenants,
    token_id text NOT NULL,
    revoked_by text NOT NULL,
    PRIMARY KEY (tenant, token_id)
);

CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- The argument is the column that has the tenant.
    changed int4 := (to_jsonb(coalesce(NEW, OLD)) ->> TG_ARGV[0])::int4;
BEGIN
    INSERT INTO access_epochs AS e (tenant, epoch, changed_at) VALUES (changed, 1, clock_timestamp())
    ON CONFLICT (tenant) DO UPDATE SET epoch = e.epoch + 1, changed_at = clock_timestamp();
    PERFORM pg_notify('beamline_access', changed::text);
    RETURN NULL;
END $$;

CREATE TRIGGER api_keys_access AFTER DELETE OR UPDATE OF roles, expires_at, revoked_at, digest ON api_keys
    FOR EACH ROW EXECUTE FUNCTION access_changed('tenant');
CREATE TRIGGER roles_access AFTER INSERT OR UPDATE OR DELETE ON roles
    FOR EACH ROW EXECUTE FUNCTION access_changed('tenant');
CREATE TRIGGER grants_access AFTER INSERT OR UPDATE OR DELETE ON grants
    FOR EACH ROW EXECUTE FUNCTION access_changed('tenant');
CREATE TRIGGER revoked_tokens_access AFTER INSERT ON revoked_tokens
    FOR EACH ROW EXECUTE FUNCTION access_changed('tenant');
CREATE TRIGGER tenants_access AFTER UPDATE OF suspended_at ON tenants
    FOR EACH ROW EXECUTE FUNCTION access_changed('id');
