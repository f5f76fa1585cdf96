REVOKE UPDATE (ended_at) ON sign_in_sessions FROM beamline_tenant;
DROP TRIGGER sign_in_sessions_audit ON sign_in_sessions;
DROP INDEX sign_in_sessions_subject;
DROP TABLE users;
