//! Who is who, whatever is said, merged and undone: at every instant the profiles, what each of them is and did, what it
//! allowed and where it belongs equal a slow model that keeps what was said of each profile in lists and never moves
//! any of it.

mod deed;
mod model;
mod told;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use deed::{Deed, deed};
use told::Told;

/// Tells so many stories, or as many as `PROPTEST_CASES` says.
const CASES: u32 = 200;

#[test]
fn merging_and_undoing_is_what_a_list_of_parts_says() {
    let mut config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = CASES;
    }
    let outcome = TestRunner::new(config).run(&vec(deed(), 1..40), |deeds: Vec<Deed>| {
        let mut told = Told::begin();
        for deed in &deeds {
            told.tell(deed).map_err(TestCaseError::fail)?;
            told.check().map_err(TestCaseError::fail)?;
        }
        told.finish().map_err(TestCaseError::fail)
    });
    if let Err(wrong) = outcome {
        panic!("{wrong}");
    }
}
