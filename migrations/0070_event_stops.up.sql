-- Whether the commit may have stopped a run, so that nodes which nobody asks for events need not fetch what it tells. True
-- where the commit does not say: a node of the version before writes rows, too.
ALTER TABLE events ADD COLUMN stops boolean NOT NULL DEFAULT true;
