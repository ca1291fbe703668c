//! Our SMTP client (RFC 5321): letters in, exactly one answer each out.
//!
//! `url` reads the settings into a `Route`; `letter` is what is sent and `answer` what became of it; `pool` owns
//! the queue and the connections; `lane` is the life of one of them; `session` speaks about letters, `connection`
//! about the relay itself (greeting, TLS, sign-in); `reply` parses what comes back; `stream` and `tls` lie below.
//!
//! The promise that all of it serves: a letter whose final dot may have reached the relay is never sent again.

pub mod answer;
mod connection;
mod lane;
pub mod letter;
pub mod pool;
pub mod reply;
mod session;
mod stream;
mod tls;
pub mod url;
