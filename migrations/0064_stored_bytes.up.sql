-- Quotas of what is stored, and how many days what ended runs have left is kept; null: as much, and as long, as one likes.
ALTER TABLE quotas
    ADD COLUMN payload_bytes int8 CHECK (payload_bytes >= 0),
    ADD COLUMN log_bytes int8 CHECK (log_bytes >= 0),
    ADD COLUMN run_days int4 CHECK (run_days BETWEEN 1 AND 36525),
    ADD COLUMN log_days int4 CHECK (log_days BETWEEN 1 AND 36525);

-- Bytes of tenants with a quota of them: a count that nodes add to each second, and that is made anew now and then. Null:
-- not counted.
CREATE TABLE stored_bytes (
    counted_at timestamptz NOT NULL,
    payloads int8,
    logs int8,
    tenant int4 PRIMARY KEY REFERENCES tenants
) WITH (fillfactor = 50);

-- The smallest run id that this time can have.
CREATE FUNCTION run_bound(at timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(greatest(0, extract(epoch FROM at) * 1000)::int8), 12, '0') || repeat('0', 20))::uuid
$$;

SELECT isolate_tenants();
