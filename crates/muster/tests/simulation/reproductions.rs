//! What once went wrong, by name, cut down to the steps that matter.
