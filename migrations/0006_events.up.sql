-- A submission under a key happens at most once while the row lives.
CREATE TABLE idempotency_keys (
    expires_at timestamptz NOT NULL,
    tenant int4 NOT NULL,
    run uuid NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (tenant, key)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);

-- One row for each commit and tenant, in the order of transaction ids, read below the snapshot horizon.
CREATE TABLE events (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT now(),
    tenant int4 NOT NULL,
    batch uuid,
    -- Triples of queue, route and lowest rank of the tokens that became ready.
    wakes int8[] NOT NULL,
    payload text NOT NULL,
    PRIMARY KEY (xid, tenant)
);
CREATE INDEX events_batch ON events (batch) WHERE batch IS NOT NULL;
