//! What stands in every bundle for whoever opens it.

pub(super) const TEXT: &str = "\
Evidence of access, made by Muster.

report.html         for reading and printing
populations         how many accounts and people there were when the period began and when it
                    ended, what that rests on, and whether it is proven to be all of them
population_accounts, population_people     who they were
account_movements, people_movements        everybody who came, went or changed between
imports             the rosters that the population of people rests on
accounts            who has an account now, as last read
observations        the reads of the period and those that populations rest on: pages, rows, total,
                    the hash of each raw page, whose key was used, start and end
leavers             everybody whose access was to end in the period, whatever was said later, and
                    when it was removed
leaver_access       when each leaver's account let in at the leaving or after it
decisions           approvals, rejections, exceptions, attestations, words by hand about people and
                    the like in the period
exceptions, attestations   those in force in the period, with who ended them; proofs are in
                    attachments/
checks              every result when this was made; check_inputs.jsonl: what each rests on
checks_off          checks that the policy switched off in the period: nobody looked at them
check_changes       how results changed in the period
policies            every policy valid in the period; texts are in policies/
journal.jsonl       the journal's entries from the beginning of the period to the signed end;
                    data that no claim rests on is withheld, the hashes still hold
checkpoint.json     the journal's end, signed
keys.json           every key that ever signed, and each change, signed by both keys
manifest.json       every file with its SHA-256, signed

Lists are there twice, as .json and as .csv. In CSV an apostrophe stands before what a
spreadsheet would take for a formula. All times are in UTC (Z).

To verify:  muster evidence verify THIS_FOLDER --key PUBLIC
With a checkpoint from an earlier visit:  --checkpoint FILE
Entries whose data was taken out for somebody's privacy are declared in manifest.json.
Have the public key, or its fingerprint, from a hand you trust; the one in this folder shows
only that the folder is whole, not who made it.

manifest.json is canonical JSON (RFC 8785). The signature is Ed25519 (RFC 8032) over the text
\"muster evidence 1\", a line feed, and the canonical JSON of \"manifest\". The root is a Merkle
tree hash (RFC 6962) whose leaves are the canonical JSON of each entry of \"files\".
";
