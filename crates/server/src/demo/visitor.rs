//! One visit: a person, a story, and what they have in their hands. Its task is woken by the story's own pauses and
//! by letters.

use super::browser::{Browser, Door};
use super::dice::Dice;
use super::letters::Letters;
use super::pace::Pace;
use super::people::{Person, user_agent};
use super::shop::{PRODUCTS, Product, WAYS, euros};
use super::story::{Act, Story, Who};
use crate::mailbox::Mailbox;
use serde_json::{Value, json};
use std::sync::Arc;

/// How long people wait for a letter before they forget about it, in minutes of the shop.
const PATIENCE_MINUTES: u32 = 180;

/// What every visitor finds.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) door: Door,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) pace: Pace,
}

pub(super) struct Visitor {
    around: Surroundings,
    person: Person,
    browser: Browser,
    letters: Letters,
    dice: Dice,
    looked_at: Option<&'static Product>,
    cart: Vec<&'static Product>,
    /// What the shop calls this visit, and its orders.
    number: usize,
    orders: u32,
    signed_up: bool,
}

/// Plays a story to its end. Whoever signed up in it is given back, for they may come again.
pub(super) async fn play(
    around: Surroundings,
    number: usize,
    person: Person,
    story: &'static Story,
    mut dice: Dice,
) -> Option<Person> {
    if story.who == Who::AtTheCounter {
        let product = &PRODUCTS[dice.below(PRODUCTS.len() as u32) as usize];
        let order = order(&[product], person.reads(), &format!("T-{}", 1001 + number));
        around.door.ring_up(&person, &order).await;
        return Some(person);
    }
    let user_agent = match story.who {
        Who::Bot => "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        _ => user_agent(&mut dice),
    };
    let way = &WAYS[dice.below(WAYS.len() as u32) as usize];
    let anonymous_id = format!("b{number:05}-{:04x}", dice.below(1 << 16));
    let browser = Browser::new(around.door.clone(), anonymous_id, user_agent, &person, way);
    let (mailbox, http) = (Arc::clone(&around.mailbox), around.door.http.clone());
    let letters = Letters::new(mailbox, http, person.email.clone(), user_agent);
    let signed_up = story.who == Who::Back;
    let mut visitor = Visitor {
        around,
        person,
        browser,
        letters,
        dice,
        looked_at: None,
        cart: Vec::new(),
        number,
        orders: 0,
        signed_up,
    };
    visitor.browser.land().await;
    for act in story.acts {
        visitor.rest(1).await;
        visitor.act(*act).await;
    }
    let comes_again = matches!(story.who, Who::New | Who::Back) && visitor.signed_up;
    comes_again.then_some(visitor.person)
}

impl Visitor {
    async fn act(&mut self, act: Act) {
        let patience = self.around.pace.minutes(PATIENCE_MINUTES);
        match act {
            Act::Rest(minutes) => self.rest(minutes).await,
            Act::Look => self.look(|_| true).await,
            Act::LookAtCeramics => self.look(|product| product.category == "ceramica").await,
            Act::ReadGuide => {
                self.browser.page("/guide/olio-buono", "How to tell good oil").await;
                self.browser.track("Guide Read", json!({ "title": "How to tell good oil" })).await;
            }
            Act::Fill => self.fill().await,
            Act::SignUp(answers) => {
                self.signed_up = true;
                self.browser.page("/account", "Your account").await;
                if answers.contains(&("newsletter", true)) {
                    self.browser.track("Newsletter Requested", json!({})).await;
                }
                self.browser.identify(&self.person, answers).await;
            }
            Act::SignIn => self.browser.identify(&self.person, &[]).await,
            Act::Decide(purpose, given) => {
                self.browser.page("/account", "Your account").await;
                self.browser.answer(&[(purpose, given)]).await;
            }
            Act::Order => self.order().await,
            Act::OrderHampers => {
                let hampers = PRODUCTS.iter().filter(|product| product.sku == "CES-02");
                self.cart = hampers.cycle().take(2).collect();
                self.order().await;
            }
            // Where no letter comes, the governor had its reasons, and they forget about it.
            Act::Confirm => _ = self.letters.confirm(patience).await,
            Act::FollowLink => _ = self.letters.follow(patience).await,
            Act::Unsubscribe => _ = self.letters.unsubscribe(patience).await,
            Act::SendAgain => self.browser.again().await,
            Act::SendGarbled => self.browser.garbled().await,
        }
    }

    async fn rest(&self, minutes: u32) {
        tokio::time::sleep(self.around.pace.minutes(minutes)).await;
    }

    async fn look(&mut self, wanted: impl Fn(&Product) -> bool) {
        let offered: Vec<&'static Product> =
            PRODUCTS.iter().filter(|product| wanted(product) && self.looked_at != Some(product)).collect();
        let product = self.dice.pick(&offered);
        self.looked_at = Some(product);
        let language = self.person.reads();
        self.browser.track("Product Viewed", product.properties(language)).await;
    }

    async fn fill(&mut self) {
        let product = self.looked_at.expect("invariant: stories look before they fill");
        self.cart.push(product);
        self.browser.track("Product Added", product.properties(self.person.reads())).await;
    }

    async fn order(&mut self) {
        self.orders += 1;
        let order_id =
            format!("B-{}{}", 1001 + self.number, ["", "b", "c"][(self.orders as usize - 1).min(2)]);
        let order = order(&self.cart, self.person.reads(), &order_id);
        self.cart.clear();
        self.browser.track("Checkout Started", json!({ "total": order["total"], "currency": "EUR" })).await;
        self.rest(2).await;
        self.browser.track("Order Completed", order).await;
    }
}

/// An order's properties, as the tracking API names them.
fn order(cart: &[&Product], language: &str, order_id: &str) -> Value {
    let total: u32 = cart.iter().map(|product| product.cents).sum();
    let mut products: Vec<Value> = Vec::new();
    for (place, product) in
        cart.iter().enumerate().filter(|(place, product)| !cart[..*place].contains(product))
    {
        let mut line = product.properties(language);
        line["quantity"] = json!(cart[place..].iter().filter(|other| *other == product).count());
        products.push(line);
    }
    json!({ "order_id": order_id, "total": euros(total), "currency": "EUR", "products": products })
}
