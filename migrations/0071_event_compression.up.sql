-- Each commit writes a text of some kilobytes here: pglz takes several times as long for it. A PostgreSQL that was built
-- without lz4 goes on as before.
DO $$
BEGIN
    ALTER TABLE events ALTER COLUMN payload SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    NULL;
END
$$;
