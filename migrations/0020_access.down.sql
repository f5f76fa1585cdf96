DROP TRIGGER tenants_access ON tenants;
DROP TABLE revoked_tokens;
DROP TABLE grants;
DROP TABLE roles;
DROP TABLE api_keys;
DROP FUNCTION access_changed();
DROP TABLE access_epochs;
ALTER TABLE tenants DROP COLUMN suspended_at;
