DROP TABLE sign_in_codes;
DROP TABLE sign_in_sessions;
