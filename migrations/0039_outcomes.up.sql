-- Outcomes that steps share under a key of their tenant (`cache`, `idempotency`). Without an expiry the step holds the key: it
-- has not ended. The row is the key's lock.
CREATE TABLE step_outcomes (
    made_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    run uuid NOT NULL,
    key text NOT NULL,
    -- JSON text.
    output text,
    PRIMARY KEY (tenant, key)
) WITH (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX step_outcomes_expiry ON step_outcomes (expires_at) WHERE expires_at IS NOT NULL;

-- Steps that wait for a key that another one holds. They get a message when it is free or has an outcome.
CREATE TABLE step_followers (
    tenant int4 NOT NULL,
    step int4 NOT NULL,
    run uuid NOT NULL,
    key text NOT NULL,
    PRIMARY KEY (tenant, key, run, step)
);
