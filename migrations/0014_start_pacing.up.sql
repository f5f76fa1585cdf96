-- Starts of runs in windows (throttle), by key: the window that is being filled. The id is a digest of tenant, level and
-- name. The row is the lock: whoever starts a run under it takes it first, in the order of ids.
CREATE TABLE throttles (
    window_at timestamptz NOT NULL,
    tenant int4 NOT NULL,
    used int4 NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 50);

-- Starts of runs after quiet (debounce), by key: the newest run that was asked for, and when the first of its succession
-- was. The row is the lock.
CREATE TABLE debounces (
    since timestamptz NOT NULL,
    tenant int4 NOT NULL,
    id uuid NOT NULL,
    run uuid,
    name text NOT NULL,
    PRIMARY KEY (tenant, id)
) WITH (fillfactor = 50);

-- A run that waits for its time to start keeps its token (step -1) here: until when, by what, and the limit for whose slot
-- it waits afterwards.
ALTER TABLE held ADD COLUMN due timestamptz, ADD COLUMN pacing_id uuid, ADD COLUMN next_limit uuid;
CREATE INDEX held_due ON held (due) WHERE due IS NOT NULL;
CREATE INDEX held_next_limit ON held (next_limit) WHERE next_limit IS NOT NULL;
