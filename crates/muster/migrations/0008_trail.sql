-- What an app's own trail tells of its accounts, and how far it was read.
CREATE TABLE activity (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, account)
);

CREATE TABLE trails (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app)
);

-- Since when a gap or a task has been there: their clocks never start again.
CREATE TABLE noticed (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    what TEXT NOT NULL,
    since TEXT NOT NULL,
    PRIMARY KEY (org, app, what)
);
