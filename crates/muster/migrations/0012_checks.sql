-- What checks found that is wrong, or that cannot be told, and since when: clocks never start again.
-- What passes or does not apply is not listed.
CREATE TABLE check_results (
    org TEXT NOT NULL,
    what TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, what)
);

-- Files that people attached as proof, under the digest of their bytes; in Base64.
CREATE TABLE files (
    org TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (org, sha256)
);
