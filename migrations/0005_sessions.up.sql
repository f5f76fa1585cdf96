-- One row for each life of a worker process; its attempts live as long as it is renewed.
CREATE TABLE worker_sessions (
    leased_until timestamptz NOT NULL,
    connected_at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    session uuid PRIMARY KEY,
    node uuid NOT NULL,
    worker text NOT NULL,
    capabilities text NOT NULL
) WITH (fillfactor = 50);

-- Server nodes, renewed like sessions.
CREATE TABLE nodes (
    leased_until timestamptz NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    node uuid PRIMARY KEY,
    address text NOT NULL
) WITH (fillfactor = 50);
