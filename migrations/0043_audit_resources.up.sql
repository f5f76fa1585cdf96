-- What else people set up: limits, bundles, the removal of a workflow, breakers. A breaker's row also moves by itself, with
-- every failure, so it is recorded only where a request stands behind the change.
CREATE TRIGGER declared_limits_audit AFTER INSERT OR UPDATE OR DELETE ON declared_limits
    FOR EACH ROW EXECUTE FUNCTION audit_change('limit', 'tenant', 'name', 'name,level,slots');
CREATE TRIGGER bundles_audit AFTER UPDATE OF version ON bundles
    FOR EACH ROW EXECUTE FUNCTION audit_change('bundle', 'tenant', 'name', 'name,version', 'apply');
CREATE TRIGGER workflows_removal_audit AFTER UPDATE OF removed_at ON workflows
    FOR EACH ROW EXECUTE FUNCTION audit_change('workflow', 'tenant', 'name', 'name,removed_at');
CREATE TRIGGER breakers_audit
    AFTER INSERT OR DELETE OR UPDATE OF failures, window_span, pause_span, probes, ratio, phase, open_until ON breakers
    FOR EACH ROW WHEN (current_setting('beamline.audit', true) <> '') EXECUTE FUNCTION audit_change(
        'breaker', 'tenant', 'name', 'name,kind,phase,failures,window_span,pause_span,probes,ratio,open_until');
