-- What people ordered by hand and did not take back.
CREATE TABLE orders (
    org TEXT NOT NULL,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, kind, id)
);
