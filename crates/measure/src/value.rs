//! What customers are worth: how often they will buy, whether they still do, and what that brings.
//!
//! [`orders`] finds orders in the log, [`summary`] makes of them what the models ask of a customer; [`bg_nbd`] and
//! [`pareto_nbd`] tell when people buy and when they leave, [`gamma_gamma`] what they spend; [`worth`] makes money of both.
//! Models are fitted by maximum likelihood with exact derivatives. Everything is a pure function: the same customers
//! give the same numbers to the last bit, whatever the order of the file and the number of threads.

pub mod bg_nbd;
pub mod customer;
pub mod fit;
pub mod gamma_gamma;
mod groups;
pub mod holdout;
mod limits;
mod newton;
pub mod orders;
pub mod pareto_nbd;
pub mod payback;
pub mod purchases;
pub mod summary;
pub mod worth;
