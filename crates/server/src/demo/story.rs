//! What visitors do, as data. A visit is a list of acts; how an act is done is `visitor.rs`.

/// One thing that a visitor does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// So many minutes of the shop's time pass.
    Rest(u32),
    /// Looks at another product.
    Look,
    /// Looks at another piece of ceramics.
    LookAtCeramics,
    /// Reads the guide to good oil.
    ReadGuide,
    /// Puts what was looked at last into the cart.
    Fill,
    /// Says who they are, with an answer for each purpose that they were asked about.
    SignUp(&'static [(&'static str, bool)]),
    /// Signs in to the account they have: what this browser did so far turns out to be theirs.
    SignIn,
    /// Changes what they said about a purpose, on the page of their account.
    Decide(&'static str, bool),
    /// Buys what is in the cart.
    Order,
    /// Buys presents for the whole office: a total that makes anybody one of the best customers.
    OrderHampers,
    /// Waits for the letter that asks for a confirmation, and confirms.
    Confirm,
    /// Waits for the next letter and follows a link in it.
    FollowLink,
    /// Waits for the next letter that can be unsubscribed from, and does so with the button of the mail program.
    Unsubscribe,
    /// The browser was not sure that its last call arrived, and sends it again.
    SendAgain,
    /// An old version of the app sends three events of which the second names nobody.
    SendGarbled,
}

/// Who makes a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Somebody new, with a browser.
    New,
    /// Somebody whose address does not exist.
    Mistyped,
    /// Somebody whose mail server takes a first letter only the second time.
    Hesitant,
    /// Somebody who signed up in an earlier visit; somebody new as long as there is nobody.
    Back,
    /// A customer at the counter, told by the till and not by a browser.
    AtTheCounter,
    /// A program that reads the pages.
    Bot,
}

#[derive(Debug)]
pub(super) struct Story {
    pub(super) who: Who,
    pub(super) acts: &'static [Act],
    /// How often it is told after the opening, beside the others.
    pub(super) weight: u32,
}

use Act::{
    Confirm, Decide, Fill, FollowLink, Look, LookAtCeramics, Order, OrderHampers, ReadGuide, Rest, SendAgain,
    SendGarbled, SignIn, SignUp, Unsubscribe,
};
use Who::{AtTheCounter, Back, Bot, Hesitant, Mistyped, New};

/// Every story, in the order in which the opening tells them: each kind of thing that can happen begins early.
#[rustfmt::skip]
pub(super) static STORIES: [Story; 22] = [
    // Buys at once and wants no advertising: the confirmation of the order comes all the same.
    story(New, 5, &[Look, Rest(2), Fill, SignUp(&[("offers", false)]), Rest(2), Order]),
    // Leaves a full cart, is reminded, comes back and buys.
    story(New, 9, &[Look, SignUp(&[("offers", true)]), Fill, FollowLink, Rest(4), Order]),
    // Asks for the newsletter and confirms; reads the welcome.
    story(New, 7, &[Look, Rest(3), SignUp(&[("newsletter", true)]), Confirm, FollowLink, Rest(6), ReadGuide, Look]),
    // Fills a cart and never says who they are: nobody can be reminded.
    story(New, 5, &[Look, Rest(2), Look, Fill, Rest(3), SendAgain]),
    // Fills a cart without having agreed to anything.
    story(New, 6, &[LookAtCeramics, Rest(2), SignUp(&[]), Fill, Rest(5), Look]),
    // An address with a slip of the pen: the confirmation comes back, and nothing else is even tried.
    story(Mistyped, 1, &[Look, SignUp(&[("offers", true), ("newsletter", true)]), Look, Fill, Rest(75), Order]),
    // A crawler comes by.
    story(Bot, 1, &[Look, Rest(1), Look, Rest(1), Look]),
    // Agrees, fills a cart, and thinks better of it before the reminder.
    story(New, 2, &[Look, SignUp(&[("offers", true)]), Fill, Rest(25), Decide("offers", false)]),
    // An old app sends something that cannot be used.
    story(New, 1, &[Look, Rest(1), SendGarbled]),
    // Spends much, is thanked by Lina, and unsubscribes from the thanks.
    story(New, 2, &[Look, SignUp(&[("offers", true)]), Rest(3), OrderHampers, Unsubscribe, Rest(20), LookAtCeramics, Fill]),
    // Asks for the newsletter and never confirms, so the rest of the guide stays with us.
    story(New, 4, &[Look, SignUp(&[("newsletter", true)]), Rest(5), ReadGuide, Rest(5), Look]),
    // A sale at the counter, told by the till.
    story(AtTheCounter, 3, &[Order]),
    // Only looks.
    story(New, 8, &[Look, Rest(3), LookAtCeramics, Rest(4), LookAtCeramics, Rest(2), LookAtCeramics]),
    // A mail server that hesitates: the letter is tried again a minute later.
    story(Hesitant, 1, &[Look, SignUp(&[("offers", false)]), Fill, Order]),
    // Everything at once: both purposes, a confirmation, a cart, an order.
    story(New, 5, &[LookAtCeramics, Rest(3), SignUp(&[("offers", true), ("newsletter", true)]), Confirm, Look, Fill, FollowLink, Rest(8), Order]),
    // Agrees, buys the hampers, and keeps the consent: one of the best customers.
    story(New, 2, &[Look, SignUp(&[("offers", true)]), Rest(2), OrderHampers, FollowLink, Rest(9), Look]),
    // Is reminded and does nothing.
    story(New, 7, &[Look, Rest(4), SignUp(&[("offers", true)]), Look, Fill]),
    // Unsubscribes from the very first reminder.
    story(New, 3, &[Look, SignUp(&[("offers", true)]), Fill, Unsubscribe, Rest(30), Look, OrderHampers]),
    // Old friends come again, and some of them buy.
    story(Back, 8, &[Look, Rest(3), Look, Rest(2), Fill, SignIn, Rest(4), Order]),
    story(Back, 6, &[LookAtCeramics, Rest(5), SignIn, LookAtCeramics, Fill]),
    // Declines everything, politely.
    story(New, 3, &[Look, Rest(2), SignUp(&[("offers", false), ("newsletter", false)]), Rest(3), Look]),
    // Reads on and on without deciding.
    story(New, 4, &[Look, Rest(3), Look, Rest(3), Look, Rest(3), Look, Rest(3), Look, Rest(3), Look]),
];

const fn story(who: Who, weight: u32, acts: &'static [Act]) -> Story {
    Story { who, acts, weight }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_buys_from_an_empty_cart_or_confirms_what_was_not_asked() {
        for (number, Story { who, acts, .. }) in STORIES.iter().enumerate() {
            let before = |act: usize, wanted: fn(&Act) -> bool| acts[..act].iter().any(wanted);
            for (place, act) in acts.iter().enumerate() {
                let told = match act {
                    Order if *who != AtTheCounter => before(place, |act| *act == Fill),
                    Fill | SendAgain => before(place, |act| matches!(act, Look | LookAtCeramics)),
                    Confirm | FollowLink | Unsubscribe | Decide(..) => {
                        before(place, |act| matches!(act, SignUp(_)))
                    }
                    _ => true,
                };
                assert!(told, "story {number}: {act:?} comes out of nothing");
            }
        }
    }
}
