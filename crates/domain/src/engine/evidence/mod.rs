//! Evidence: what an auditor is given, so that nobody needs to trust whoever gives it. Signatures,
//! checkpoints of the journal, and the files of a bundle; no reading or writing of files.

pub mod checkpoint;
pub mod extract;
pub mod key;
pub mod leaving;
pub mod manifest;
pub mod merkle;
pub mod ocsf;
pub mod page;
pub mod population;
pub mod report;
pub mod rotation;
pub mod sheet;
