DROP FUNCTION token_audit();
