-- The journal only grows. The one change allowed is taking data and salt out of an entry.

CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal only grows: entries are never deleted');
END;

CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal
WHEN NOT (
    NEW.data = 'null' AND NEW.salt = ''
    AND NEW.org IS OLD.org AND NEW.seq IS OLD.seq AND NEW.at IS OLD.at
    AND NEW.actor IS OLD.actor AND NEW.event IS OLD.event AND NEW.person IS OLD.person
    AND NEW.app IS OLD.app AND NEW.account IS OLD.account AND NEW.operation IS OLD.operation
    AND NEW.plan IS OLD.plan AND NEW.data_digest IS OLD.data_digest
    AND NEW.prev IS OLD.prev AND NEW.hash IS OLD.hash
)
BEGIN
    SELECT RAISE(ABORT, 'the journal only grows: entries are never changed');
END;
