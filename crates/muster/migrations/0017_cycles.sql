-- What the loop remembers of each app: when it last went round, how that ended, how far it listened.
-- It decides when an app is looked at next and nothing else; how old a reading is, checks judge by
-- the reading itself.
CREATE TABLE cycles (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app)
);
