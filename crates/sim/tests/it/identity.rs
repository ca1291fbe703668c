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
const CASES: u32 = 60;
/// Steps towards a smaller failing case: the long ones of a crowd take their time.
const SHRINK_ITERS_MAX: u32 = 500;

fn hold(users: u32, is_tight: bool, length: usize, cases: u32) {
    let mut config = ProptestConfig {
        failure_persistence: None,
        max_shrink_iters: SHRINK_ITERS_MAX,
        ..ProptestConfig::default()
    };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let outcome = TestRunner::new(config).run(&vec(deed(users), length / 2..length), |deeds: Vec<Deed>| {
        let mut told = Told::begin(is_tight);
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

#[test]
fn merging_and_undoing_is_what_a_list_of_parts_says() {
    hold(3, false, 40, CASES);
}

#[test]
fn limits_and_blocked_names_leave_out_what_the_model_leaves_out() {
    hold(4, true, 40, CASES);
}

#[test]
fn a_crowd_makes_names_nobodys() {
    hold(20, false, 250, CASES / 6);
}
