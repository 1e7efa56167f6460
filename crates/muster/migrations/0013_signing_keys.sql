-- The key with which an organisation signs evidence: its 32 secret bytes, sealed. The public half is
-- worked out from them and never stored, so that nobody can exchange it here.
CREATE TABLE signing_keys (
    org TEXT NOT NULL,
    number BIGINT NOT NULL,
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (org, number)
);
