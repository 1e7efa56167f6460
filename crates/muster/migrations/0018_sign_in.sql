-- How users prove who they are: the hash of a password, the seed of a second factor. Sealed, so that
-- a hash copied in from elsewhere opens nothing.
CREATE TABLE sign_ins (
    org TEXT NOT NULL,
    email TEXT NOT NULL,
    key_id TEXT NOT NULL,
    sealed TEXT NOT NULL,
    PRIMARY KEY (org, email)
);

-- Who is signed in, under the digest of the cookie.
CREATE TABLE sessions (
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    email TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, id)
);

-- Links that let somebody in once, under their digest.
CREATE TABLE sign_in_links (
    org TEXT NOT NULL,
    id TEXT NOT NULL,
    doc TEXT NOT NULL,
    PRIMARY KEY (org, id)
);

-- When each API token was last used.
CREATE TABLE token_uses (
    org TEXT NOT NULL,
    token TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (org, token)
);
