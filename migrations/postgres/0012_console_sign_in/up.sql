-- A console session belongs to a session of its tenant and ends with it. One that names none, which a node
-- of the version before made, is none.
ALTER TABLE console_sessions ADD COLUMN session_id BYTEA;

-- The console's client is the server's own, and counts against no quota.
UPDATE tenant_counts SET count = count - 1
    WHERE noun = 'clients' AND tenant_id IN (SELECT tenant_id FROM clients WHERE client_id = 'grantor-console');
