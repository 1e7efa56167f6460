-- The journal only grows. The one change allowed is taking data and salt out of an entry.

CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.data = 'null' AND NEW.salt = ''
            AND (NEW.org, NEW.seq, NEW.at, NEW.actor, NEW.event, NEW.data_digest, NEW.prev, NEW.hash)
                = (OLD.org, OLD.seq, OLD.at, OLD.actor, OLD.event, OLD.data_digest, OLD.prev, OLD.hash)
            AND NEW.person IS NOT DISTINCT FROM OLD.person
            AND NEW.app IS NOT DISTINCT FROM OLD.app
            AND NEW.account IS NOT DISTINCT FROM OLD.account
            AND NEW.operation IS NOT DISTINCT FROM OLD.operation
            AND NEW.plan IS NOT DISTINCT FROM OLD.plan
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the journal only grows: entries are never changed or deleted';
END;
$$;

CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal
FOR EACH ROW EXECUTE FUNCTION journal_refuse();

CREATE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse();
