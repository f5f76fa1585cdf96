DROP TABLE step_followers;
DROP TABLE step_outcomes;
