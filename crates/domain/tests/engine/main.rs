//! The engine, tested from outside: the laws as properties, situations as small worlds beside
//! their plans, merging, calendar and zone edges.
#![expect(missing_docs, unreachable_pub, reason = "a test binary has no readers of its interface")]

mod apply;
mod world;

mod situations;
