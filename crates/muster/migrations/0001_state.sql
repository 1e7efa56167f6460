-- The current state and the journal. Spoken by SQLite and PostgreSQL alike: TEXT and BIGINT only.
-- Moments are RFC 3339 in UTC with nine decimals, so that they sort as text. A `doc` is the JSON of
-- a model type; the columns beside it are the ones that are searched by.

CREATE TABLE people (
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, id)
);

CREATE TABLE sources (
    org TEXT NOT NULL,
    name TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, name)
);

CREATE TABLE connections (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app)
);

CREATE TABLE credentials (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (org, app)
);

-- `seq` is the journal's next number when the row was written: a clock that needs no clock.
CREATE TABLE accounts (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    digest TEXT NOT NULL,
    first_seen TEXT NOT NULL,
    last_changed TEXT NOT NULL,
    gone TEXT,
    seq BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, account)
);

-- Accounts that a read in progress found new or changed.
CREATE TABLE staging (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    reading TEXT NOT NULL,
    account TEXT NOT NULL,
    digest TEXT NOT NULL,
    staged TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, reading, account)
);

CREATE TABLE observations (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    proven BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, id)
);
CREATE INDEX observations_in_order ON observations (org, app, seq);

CREATE TABLE learned (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, account)
);

CREATE TABLE links (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    person TEXT,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, account)
);
CREATE INDEX links_of_person ON links (org, person);

CREATE TABLE policies (
    org TEXT NOT NULL,
    number BIGINT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, number)
);

CREATE TABLE plans (
    org TEXT NOT NULL,
    digest TEXT NOT NULL,
    app TEXT NOT NULL,
    made TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, digest)
);

CREATE TABLE runs (
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    app TEXT NOT NULL,
    person TEXT NOT NULL,
    account TEXT,
    fingerprint TEXT NOT NULL,
    state TEXT NOT NULL,
    intended TEXT NOT NULL,
    changed TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, id)
);
CREATE INDEX runs_of_app ON runs (org, app, intended);
CREATE INDEX runs_of_person ON runs (org, person, intended);
CREATE INDEX runs_of_fingerprint ON runs (org, fingerprint);
CREATE INDEX runs_in_state ON runs (org, state);

CREATE TABLE approvals (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    expires TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, fingerprint)
);

CREATE TABLE leases (
    org TEXT NOT NULL,
    name TEXT NOT NULL,
    owner TEXT NOT NULL,
    token BIGINT NOT NULL,
    expires TEXT NOT NULL,
    PRIMARY KEY (org, name)
);

CREATE TABLE journal (
    org TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TEXT NOT NULL,
    actor TEXT NOT NULL,
    event TEXT NOT NULL,
    person TEXT,
    app TEXT,
    account TEXT,
    operation TEXT,
    plan TEXT,
    data TEXT NOT NULL,
    salt TEXT NOT NULL,
    data_digest TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (org, seq)
);
CREATE INDEX journal_of_person ON journal (org, person, seq);
CREATE INDEX journal_of_app ON journal (org, app, seq);
CREATE INDEX journal_of_account ON journal (org, account, seq);
CREATE INDEX journal_of_operation ON journal (org, operation, seq);
CREATE INDEX journal_in_time ON journal (org, at);

-- Which accounts an entry about many accounts speaks of. Only a way to find entries.
CREATE TABLE mentions (
    org TEXT NOT NULL,
    account TEXT NOT NULL,
    seq BIGINT NOT NULL,
    PRIMARY KEY (org, account, seq)
);

-- How far the journal goes: what is missing at its end shows here.
CREATE TABLE journal_head (
    org TEXT NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
