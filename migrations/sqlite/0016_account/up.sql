-- How long a session's browser may stay away, in seconds, and until when it may by now. Sessions from before have
-- neither, and live as long as they were made to.
ALTER TABLE sessions ADD COLUMN idle_lifetime INTEGER;
ALTER TABLE sessions ADD COLUMN idle_expires_at INTEGER;
