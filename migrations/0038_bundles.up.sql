-- Bundles: what a file declares together. A version is what one apply has changed; it is never changed itself.
CREATE TABLE bundles (
    id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant int4 NOT NULL REFERENCES tenants,
    name text NOT NULL,
    -- The newest version.
    version int4 NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, name)
);

CREATE TABLE bundle_versions (
    created_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL REFERENCES tenants,
    bundle int4 NOT NULL REFERENCES bundles,
    version int4 NOT NULL,
    digest bytea NOT NULL,
    source text NOT NULL,
    -- A JSON array: what the version owns, each with its kind, name and version.
    resources text NOT NULL,
    applied_by text NOT NULL,
    PRIMARY KEY (tenant, bundle, version)
);

-- Which bundle owns what. Kind: 1 queue, 2 limit of runs, 3 limit of steps, 4 workflow.
CREATE TABLE bundle_resources (
    tenant int4 NOT NULL REFERENCES tenants,
    bundle int4 NOT NULL REFERENCES bundles,
    kind int2 NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant, kind, name)
);
CREATE INDEX bundle_resources_bundle ON bundle_resources (tenant, bundle);

-- Limits of a tenant's keys that somebody has declared. Their row in `limits` has the highest flow there is, so that no
-- definition changes its slots. Level: 1 run, 2 step.
CREATE TABLE declared_limits (
    updated_at timestamptz NOT NULL DEFAULT now(),
    version int8 NOT NULL DEFAULT 1,
    tenant int4 NOT NULL REFERENCES tenants,
    slots int4 NOT NULL CHECK (slots >= 0),
    level int2 NOT NULL CHECK (level IN (1, 2)),
    name text NOT NULL,
    PRIMARY KEY (tenant, level, name)
);

-- No run starts of a removed workflow; those that run keep their version.
ALTER TABLE workflows ADD COLUMN removed_at timestamptz;
