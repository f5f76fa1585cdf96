ALTER TABLE workflows DROP COLUMN removed_at;
UPDATE limits SET flow = 0 WHERE flow = 9223372036854775807;
DROP TABLE declared_limits;
DROP TABLE bundle_resources;
DROP TABLE bundle_versions;
DROP TABLE bundles;
