-- Rates of keys: up to when starts are spoken for (a token bucket as one point in time). The id is a digest of tenant,
-- level and name.
CREATE TABLE rates (
    spoken_until timestamptz NOT NULL,
    tenant int4 NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 50);

-- The rate for which the token waits, where it is not a retry's delay.
ALTER TABLE timers ADD COLUMN rate_id uuid;
