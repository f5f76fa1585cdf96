DROP FUNCTION run_bound(timestamptz);
DROP TABLE stored_bytes;
ALTER TABLE quotas DROP COLUMN payload_bytes, DROP COLUMN log_bytes, DROP COLUMN run_days, DROP COLUMN log_days;
