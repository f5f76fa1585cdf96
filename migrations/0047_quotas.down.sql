DROP TRIGGER workflows_quota ON workflows;
DROP TRIGGER worker_sessions_quota ON worker_sessions;
DROP FUNCTION refuse_over_quota();
DROP TABLE reservations;
DROP TABLE quotas;
