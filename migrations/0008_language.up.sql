-- The step of another run that started a run, and how many levels it is below the first; null where none did. Written
-- once, with the run.
ALTER TABLE runs ADD COLUMN parent uuid, ADD COLUMN parent_step int4, ADD COLUMN depth int4;

-- Timers with queue 0 are no tokens: step -1 is the run's deadline, step -2 - n what step n is due for.
-- Payloads of kind 4 hold what a step was expanded to: its items.
