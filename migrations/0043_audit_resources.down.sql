DROP TRIGGER breakers_audit ON breakers;
DROP TRIGGER workflows_removal_audit ON workflows;
DROP TRIGGER bundles_audit ON bundles;
DROP TRIGGER declared_limits_audit ON declared_limits;
