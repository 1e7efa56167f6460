-- What a leaver's account held when it was last looked at.
CREATE TABLE work (
    org TEXT NOT NULL,
    app TEXT NOT NULL,
    account TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, app, account)
);
