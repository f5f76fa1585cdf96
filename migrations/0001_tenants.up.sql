-- The database's identity: positions in the event log carry the epoch, which changes when this is another database
-- (a restored copy, a promoted standby), so that an old position is never taken for a new one.
CREATE TABLE cluster (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    epoch int4 NOT NULL DEFAULT 1,
    identity text NOT NULL,
    -- Event rows of transactions below this one have been deleted.
    events_from xid8 NOT NULL DEFAULT '0'
);

CREATE TABLE tenants (
    id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE queues (
    id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant int4 NOT NULL REFERENCES tenants,
    name text NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant, name)
);

-- Who can serve a step. Routes belong to no tenant: a worker may serve several.
CREATE TABLE routes (
    id int4 GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_type text NOT NULL,
    pool text NOT NULL,
    UNIQUE (task_type, pool)
);
