CREATE TABLE workflows (
    id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant int4 NOT NULL REFERENCES tenants,
    name text NOT NULL,
    -- The newest version.
    version int4 NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, name)
);

CREATE TABLE workflow_versions (
    flow int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant int4 NOT NULL REFERENCES tenants,
    workflow int4 NOT NULL REFERENCES workflows,
    version int4 NOT NULL,
    canonical text NOT NULL,
    source text NOT NULL,
    digest bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (workflow, version)
);
