-- People and programs that a tenant has seen signing in to the dashboard, and subjects that it has suspended. Tokens carry
-- their own roles; those here are what the last sign-in had.
CREATE TABLE users (
    first_seen_at timestamptz NOT NULL DEFAULT now(),
    signed_in_at timestamptz,
    suspended_at timestamptz,
    tenant int4 NOT NULL REFERENCES tenants,
    subject text NOT NULL,
    roles text[] NOT NULL DEFAULT '{}',
    suspended_by text,
    PRIMARY KEY (tenant, subject)
);
CREATE INDEX sign_in_sessions_subject ON sign_in_sessions (tenant, subject);

CREATE TRIGGER users_suspended AFTER INSERT ON users
    FOR EACH ROW WHEN (NEW.suspended_at IS NOT NULL) EXECUTE FUNCTION access_changed('tenant');
CREATE TRIGGER users_access AFTER UPDATE OF suspended_at ON users
    FOR EACH ROW WHEN (OLD.suspended_at IS DISTINCT FROM NEW.suspended_at) EXECUTE FUNCTION access_changed('tenant');

-- Signing in and out is one's own business; what administrators do is recorded.
CREATE TRIGGER users_suspended_audit AFTER INSERT ON users
    FOR EACH ROW WHEN (NEW.suspended_at IS NOT NULL)
    EXECUTE FUNCTION audit_change('user', 'tenant', 'subject', 'subject,suspended_at,suspended_by', 'change');
CREATE TRIGGER users_audit AFTER UPDATE OF suspended_at ON users
    FOR EACH ROW EXECUTE FUNCTION audit_change('user', 'tenant', 'subject', 'subject,suspended_at,suspended_by');
CREATE TRIGGER sign_in_sessions_audit AFTER UPDATE OF ended_at ON sign_in_sessions
    FOR EACH ROW WHEN (current_setting('beamline.audit', true) <> '')
    EXECUTE FUNCTION audit_change('session', 'tenant', 'subject,id', 'id,subject,ended_at', 'end');

SELECT isolate_tenants();
GRANT INSERT, UPDATE ON users TO beamline_tenant;
GRANT UPDATE (ended_at) ON sign_in_sessions TO beamline_tenant;
