-- Values under keys of their own, and those under a master key that is never here: Sources/Secrets/SealedSecret.swift.
CREATE TABLE secrets (
    updated_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL REFERENCES tenants,
    name text NOT NULL,
    key_id text NOT NULL,
    wrapped bytea NOT NULL,
    sealed bytea NOT NULL,
    updated_by text NOT NULL,
    PRIMARY KEY (tenant, name)
);
CREATE INDEX secrets_key ON secrets (key_id);
