//! The simulator as its clients and its witnesses meet it: through its router and over TCP.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod users;
