//! The apps that Muster knows, one folder each.
