//! The simulator as its clients and its witnesses meet it: through its router and over TCP.

#[cfg(test)]
mod control;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod lists;
#[cfg(test)]
mod oauth;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod state;
#[cfg(test)]
mod switches;
#[cfg(test)]
mod tcp;
#[cfg(test)]
mod trail;
#[cfg(test)]
mod users;
