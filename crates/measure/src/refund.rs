//! Orders less what was given back of them: the one rule by which key figures, credit, lifetime value and forecasts count.
//!
//! A refund takes off the order with its number, or else the last one before it, and the figures of the day of the order
//! become less. What was given back whole is no order any more.

use engine::programme::Programme;
use engine::record::{Event, EventFlags, EventKind};
use xxhash_rust::xxh3::xxh3_64;

/// The event by which shops tell that an order was given back, in the tracking API's e-commerce specification.
pub const REFUND: &str = "Order Refunded";

/// Which events are orders, and which give them back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRules {
    pub event: String,
    /// The property that says for how much, as words of its path.
    pub amount: Vec<String>,
    pub refund: String,
}

/// An order or a refund, as its event tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told<'a> {
    pub is_refund: bool,
    /// Without one, an order is worth nothing, and all of an order is given back.
    pub millionths: Option<i64>,
    /// Empty where it names none.
    pub currency: &'a str,
    /// A hash of the order's number, the same for ever.
    pub number: Option<u64>,
}

impl OrderRules {
    /// As the programme says.
    pub fn of(programme: &Programme) -> Self {
        let purchase = &programme.purchase;
        Self {
            event: purchase.event.clone(),
            amount: purchase.amount.split('.').map(str::to_owned).collect(),
            refund: REFUND.to_owned(),
        }
    }

    /// What an event of a person tells; `None` where it is neither.
    pub fn read<'a>(&self, event: &Event<'a>) -> Option<Told<'a>> {
        let is_refund = event.name == self.refund;
        let counts = is_refund || event.name == self.event;
        if !counts || event.kind != EventKind::Track || event.flags.has(EventFlags::BOT) {
            return None;
        }
        let mut stated = None;
        event.properties.find(&self.amount, &mut |value| stated = stated.or(value.millionths()));
        let usual = || {
            ["total", "revenue", "value"]
                .into_iter()
                .find_map(|field| event.properties.get(field)?.millionths())
        };
        Some(Told {
            is_refund,
            millionths: stated.or_else(usual),
            currency: event.properties.get("currency").and_then(|value| value.text()).unwrap_or_default(),
            number: event
                .properties
                .get("order_id")
                .map(|number| xxh3_64(number.to_json().to_string().as_bytes())),
        })
    }
}

/// One person's orders, told in the order of time.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    pub orders: Vec<KeptOrder<T>>,
    /// Refunds that come before any order of theirs.
    pub unmatched: u64,
}

/// An order with what is left of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOrder<T> {
    pub order: T,
    number: Option<u64>,
    /// `None` where the order had no amount.
    pub millionths: Option<i64>,
    /// All of it was given back.
    pub is_returned: bool,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self { orders: Vec::new(), unmatched: 0 }
    }
}

impl<T> Kept<T> {
    pub fn order(&mut self, order: T, number: Option<u64>, millionths: Option<i64>) {
        self.orders.push(KeptOrder { order, number, millionths, is_returned: false });
    }

    /// Takes a refund off its order. `fits` says whether an order can be meant by it: amounts of two currencies are never
    /// taken off each other. A refund may be told as less than nothing.
    pub fn refund(&mut self, number: Option<u64>, millionths: Option<i64>, fits: impl Fn(&T) -> bool) {
        let numbered = |one: &KeptOrder<T>| number.is_some() && one.number == number && fits(&one.order);
        let place = self.orders.iter().rposition(numbered);
        let Some(place) = place.or_else(|| self.orders.iter().rposition(|one| fits(&one.order))) else {
            self.unmatched += 1;
            return;
        };
        let order = &mut self.orders[place];
        let amount = order.millionths.unwrap_or(0);
        let left = amount.saturating_sub(millionths.map_or(amount, i64::saturating_abs));
        order.is_returned |= left <= 0;
        order.millionths = order.millionths.map(|_| left);
    }

    /// What was not given back whole.
    pub fn standing(self) -> impl Iterator<Item = KeptOrder<T>> {
        self.orders.into_iter().filter(|one| !one.is_returned)
    }
}

/// Whether a refund in a currency can be of an order in another: where either names none, it can.
pub fn is_payable(refund: &str, order: &str) -> bool {
    refund.is_empty() || order.is_empty() || refund == order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Orders and refunds (number, amount, currency), and what stands in the end.
    type Case<'a> = (&'a str, &'a [(bool, Option<u64>, Option<i64>, &'a str)], &'a [Option<i64>], u64);

    #[test]
    fn a_refund_is_of_the_order_that_the_table_says() {
        let order = |number, amount, currency| (false, number, amount, currency);
        let refund = |number, amount, currency| (true, number, amount, currency);
        let cases: &[Case<'_>] = &[
            (
                "with its number, and not the last",
                &[
                    order(Some(1), Some(40), "EUR"),
                    order(Some(2), Some(30), "EUR"),
                    refund(Some(1), Some(15), "EUR"),
                ],
                &[Some(25), Some(30)],
                0,
            ),
            (
                "without one the last before it",
                &[order(None, Some(40), ""), order(None, Some(30), ""), refund(None, Some(-30), "")],
                &[Some(40)],
                0,
            ),
            ("without an amount all of it", &[order(None, Some(40), "EUR"), refund(None, None, "")], &[], 0),
            (
                "none of another currency",
                &[order(None, Some(40), "EUR"), order(None, Some(30), "USD"), refund(None, Some(10), "EUR")],
                &[Some(30), Some(30)],
                0,
            ),
            (
                "more than there was is all of it",
                &[order(None, Some(40), "EUR"), refund(None, Some(50), "EUR")],
                &[],
                0,
            ),
            (
                "an order without an amount is nothing once it is back",
                &[order(None, None, ""), refund(None, Some(1), "")],
                &[],
                0,
            ),
            (
                "before any order it is of none",
                &[refund(None, Some(1), ""), order(None, Some(2), "")],
                &[Some(2)],
                1,
            ),
        ];
        for (name, told, expected, unmatched) in cases {
            let mut kept = Kept::default();
            for (is_refund, number, amount, currency) in *told {
                match is_refund {
                    false => kept.order(*currency, *number, *amount),
                    true => kept.refund(*number, *amount, |order| is_payable(currency, order)),
                }
            }
            assert_eq!(kept.unmatched, *unmatched, "{name}");
            let left: Vec<_> = kept.standing().map(|one| one.millionths).collect();
            assert_eq!(left, *expected, "{name}");
        }
    }
}
