//! Lifetime value: the CDNOW sample of the literature, other forms of the same quantities, and data that have no answer.

use measure::special::beta::ln_beta;
use measure::special::gamma::ln_gamma;
use measure::special::hypergeometric::hypergeometric;
use measure::value::bg_nbd::{BgNbd, Variant};
use measure::value::customer::{Customer, Flaw};
use measure::value::fit::Refusal;
use measure::value::gamma_gamma::{GammaGamma, correlation};
use measure::value::holdout::score;
use measure::value::pareto_nbd::ParetoNbd;
use measure::value::payback::{Payback, payback, value_to_cost};
use measure::value::purchases::Purchases;
use measure::value::summary::{Purchase, Unit, summarise};
use measure::value::worth::{Foreteller, Horizon};

/// The sample, and each customer's purchases in the 39 weeks after.
fn cdnow() -> (Vec<Customer>, Vec<f64>) {
    let lines = include_str!("cdnow/customers.csv").lines().skip(1);
    let row = |line: &str| {
        let fields: Vec<u32> = line.split(',').map(|field| field.parse().unwrap()).collect();
        let monetary = f64::from(fields[3]) / 100.0 / f64::from(fields[0].max(1));
        let weeks = |days: u32| f64::from(days) / 7.0;
        let customer =
            Customer { frequency: fields[0], recency: weeks(fields[1]), age: weeks(fields[2]), monetary };
        (customer, f64::from(fields[4]))
    };
    lines.map(row).unzip()
}

/// The sample as the lifetimes package ships it: weeks and amounts in two decimals.
fn rounded() -> Vec<Customer> {
    let round = |number: f64| format!("{number:.2}").parse::<f64>().unwrap();
    let half_up = |one: &Customer| {
        let count = u64::from(one.frequency.max(1));
        let cents = (one.monetary * 100.0 * count as f64).round() as u64;
        ((2 * cents + count) / (2 * count)) as f64 / 100.0
    };
    let customers = cdnow().0;
    customers
        .iter()
        .map(|one| Customer {
            frequency: one.frequency,
            recency: round(one.recency),
            age: round(one.age),
            monetary: half_up(one),
        })
        .collect()
}

#[track_caller]
fn near(found: f64, expected: f64) {
    assert!((found / expected - 1.0).abs() < 1e-8, "{found} is not {expected}");
}

#[track_caller]
fn all_near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).for_each(|(&found, &expected)| near(found, expected));
}

#[test]
fn bg_nbd_finds_the_optimum_of_cdnow() {
    let fit = BgNbd::fit(&cdnow().0, Variant::Plain).unwrap();
    let BgNbd { r, alpha, a, b, .. } = fit.model;
    all_near(
        &[r, alpha, a, b],
        &[0.24259452244715587, 4.4136020196239105, 0.7929220180700483, 2.425906780171101],
    );
    near(fit.log_likelihood, -9_582.429_206_673_93);
    assert!(fit.slope < 1e-7, "{}", fit.slope);
    let errors = fit.standard_errors;
    let by_logarithm = [0.05176281341343863, 0.08569509113996991, 0.23423966095195745, 0.2907837199423284];
    for (i, parameter) in [r, alpha, a, b].into_iter().enumerate() {
        // The reference takes its derivatives by differences.
        assert!((errors[i] / parameter / by_logarithm[i] - 1.0).abs() < 1e-5, "{errors:?}");
    }
}

#[test]
fn rounded_weeks_have_another_optimum() {
    let BgNbd { r, alpha, a, b, .. } = BgNbd::fit(&rounded(), Variant::Plain).unwrap().model;
    all_near(
        &[r, alpha, a, b],
        &[0.2425929072140054, 4.4135315615977015, 0.7928861490659913, 2.425753440367041],
    );
    let fit = ParetoNbd::fit(&rounded()).unwrap();
    let ParetoNbd { r, alpha, s, beta } = fit.model;
    all_near(
        &[r, alpha, s, beta],
        &[0.5532755086780542, 10.577612238303562, 0.6062135684234978, 11.667911230485748],
    );
    near(fit.log_likelihood, -9594.973929826865);
}

#[test]
fn modified_bg_nbd_finds_the_optimum_of_cdnow() {
    let BgNbd { r, alpha, a, b, .. } = BgNbd::fit(&rounded(), Variant::Modified).unwrap().model;
    // As lifetimes has it, which stops early.
    let lifetimes = [0.5248377255677019, 6.182988479134203, 0.8913562809310627, 1.614000025671838];
    for (found, expected) in [r, alpha, a, b].into_iter().zip(lifetimes) {
        assert!((found / expected - 1.0).abs() < 1e-5, "{found} is not {expected}");
    }
}

#[test]
fn pareto_nbd_finds_the_optimum_that_was_published_short_of() {
    let customers = cdnow().0;
    let fit = ParetoNbd::fit(&customers).unwrap();
    let ParetoNbd { r, alpha, s, beta } = fit.model;
    all_near(
        &[r, alpha, s, beta],
        &[0.5532770469662355, 10.577683464708102, 0.606239988224731, 11.66873525950377],
    );
    near(fit.log_likelihood, -9594.976178939542);
    assert!(fit.slope < 1e-7, "{}", fit.slope);
    let published = ParetoNbd { r: 0.5533, alpha: 10.5802, s: 0.6061, beta: 11.6562 };
    let below = fit.log_likelihood - published.log_likelihood(&customers).unwrap();
    assert!(below > 0.0 && below < 1e-3, "{below}");
}

#[test]
fn gamma_gamma_finds_the_optimum_of_cdnow() {
    let fit = GammaGamma::fit(&cdnow().0).unwrap();
    let GammaGamma { p, q, v } = fit.model;
    all_near(&[p, q, v], &[6.249572270964826, 3.744224667286331, 15.443520964277086]);
    near(fit.log_likelihood, -4055.917694801875);
    assert_eq!(fit.customers, 946);
    let fit = GammaGamma::fit(&rounded()).unwrap();
    let GammaGamma { p, q, v } = fit.model;
    all_near(&[p, q, v], &[6.248802481942381, 3.744588454593774, 15.447748036073833]);
    near(fit.log_likelihood, -4055.923243502863);
    let together = correlation(&rounded()).unwrap();
    assert!((0.0..0.2).contains(&together), "{together}");
}

#[test]
fn what_was_foretold_of_cdnow_is_what_the_literature_has() {
    let (customers, later) = cdnow();
    let foretold = |model: &dyn Purchases| {
        let outcome = |(one, &came): (&Customer, &f64)| (one.frequency, model.expected_of(one, 39.0), came);
        score(&customers.iter().zip(&later).map(outcome).collect::<Vec<_>>())
    };
    let bg = BgNbd::fit(&customers, Variant::Plain).unwrap().model;
    let pareto = ParetoNbd::fit(&customers).unwrap().model;
    let scores = foretold(&bg);
    all_near(
        &scores.rows.iter().map(|row| row.foretold).collect::<Vec<_>>(),
        &[
            0.22508732613054158,
            0.5231311734276692,
            1.0441341215717705,
            1.5202795126589068,
            2.163865798786475,
            2.653845884169537,
            3.504042297592104,
            6.157190505872182,
        ],
    );
    all_near(
        &scores.rows.iter().map(|row| row.came).collect::<Vec<_>>(),
        &[
            0.23671155209071582,
            0.6970387243735763,
            1.3925233644859814,
            1.56,
            2.532258064516129,
            2.9473684210526314,
            3.8620689655172415,
            6.359375,
        ],
    );
    all_near(
        &[scores.foretold, scores.came, scores.mae, scores.rmse, scores.correlation.unwrap()],
        &[1653.4086977163852, 1882.0, 0.785454236593073, 1.6079820107410225, 0.6256474513468704],
    );
    let scores = foretold(&pareto);
    all_near(
        &scores.rows.iter().map(|row| row.foretold).collect::<Vec<_>>(),
        &[
            0.13844689705377586,
            0.5994706736558831,
            1.1958367189680765,
            1.7138433662681325,
            2.3983081996970967,
            2.9072077126179363,
            3.8185593134275844,
            6.403067097086494,
        ],
    );
    all_near(
        &[scores.foretold, scores.mae, scores.rmse, scores.correlation.unwrap()],
        &[1665.513107727429, 0.7545233834580858, 1.6028479995384162, 0.6302225071750951],
    );
    near(bg.expected(52.0), 1.4440123971988659);
    near(pareto.expected(52.0), 1.4734342883517992);
    let busy = Customer { frequency: 26, recency: 216.0 / 7.0, age: 31.0, monetary: 0.0 };
    all_near(
        &[bg.expected_of(&busy, 52.0), bg.alive(&busy), pareto.expected_of(&busy, 52.0), pareto.alive(&busy)],
        &[25.757336960554863, 0.9688544413692628, 25.455183509003902, 0.9978734047167078],
    );
    // The more often somebody bought who then fell silent, the less is to come.
    let paradox = |model: &dyn Purchases| {
        [10, 15, 20, 25].map(|frequency| {
            model.expected_of(&Customer { frequency, recency: 20.0, age: 39.0, monetary: 0.0 }, 52.0)
        })
    };
    all_near(
        &paradox(&bg),
        &[0.3474837733936833, 0.04283701629599846, 0.004159274305821889, 0.0003583938226810091],
    );
    all_near(
        &paradox(&pareto),
        &[0.7058884458702873, 0.14415075639637814, 0.022490148694790598, 0.0030900672769469477],
    );
}

/// The form of the literature, which needs a ≠ 1 and loses digits near it.
fn expected_by_hypergeometric(model: &BgNbd, one: &Customer, ahead: f64) -> f64 {
    let BgNbd { r, alpha, a, b, .. } = *model;
    let x = f64::from(one.frequency);
    let whole = alpha + one.age + ahead;
    let gauss = hypergeometric(r + x, b + x, a + b + x - 1.0, ahead / whole);
    let bought = (a + b + x - 1.0) / (a - 1.0) * (1.0 - ((alpha + one.age) / whole).powf(r + x) * gauss);
    model.alive(one) * bought
}

#[test]
fn purchases_to_come_are_those_of_the_published_form() {
    let mut compared = 0;
    for (r, alpha, a, b) in [(0.24, 4.4, 0.79, 2.4), (3.0, 40.0, 1.7, 9.0), (0.7, 2.0, 0.3, 1.1)] {
        let model = BgNbd { r, alpha, a, b, variant: Variant::Plain };
        for frequency in [0, 1, 2, 7, 40] {
            for ahead in [0.5, 12.0, 52.0, 400.0] {
                let recency = if frequency == 0 { 0.0 } else { 21.0 };
                let one = Customer { frequency, recency, age: 30.0, monetary: 0.0 };
                let expected = expected_by_hypergeometric(&model, &one, ahead);
                let found = model.expected_of(&one, ahead);
                assert!(
                    (found / expected - 1.0).abs() < 1e-10,
                    "{model:?} {one:?} {ahead}: {found} {expected}"
                );
                compared += 1;
            }
        }
    }
    assert_eq!(compared, 60);
    // Where the published form divides nothing by nothing, ours goes on evenly.
    let at = |a: f64| {
        let model = BgNbd { r: 0.5, alpha: 5.0, a, b: 2.0, variant: Variant::Plain };
        model.expected_of(&Customer { frequency: 3, recency: 20.0, age: 30.0, monetary: 0.0 }, 52.0)
    };
    let (below, middle, above) = (at(1.0 - 1e-4), at(1.0), at(1.0 + 1e-4));
    assert!((middle / ((below + above) / 2.0) - 1.0).abs() < 1e-6, "{below} {middle} {above}");
}

/// Pareto/NBD's likelihood of one customer as the difference of two hypergeometric functions.
fn pareto_by_hypergeometric(model: &ParetoNbd, one: &Customer) -> f64 {
    let ParetoNbd { r, alpha, s, beta } = *model;
    let x = f64::from(one.frequency);
    let (wide, narrow, shape) = if alpha >= beta { (alpha, beta, s + 1.0) } else { (beta, alpha, r + x) };
    let sum = r + s + x;
    let part =
        |t: f64| hypergeometric(sum, shape, sum + 1.0, (wide - narrow) / (wide + t)) / (wide + t).powf(sum);
    let left = part(one.recency) - part(one.age);
    let there = (alpha + one.age).powf(-(r + x)) * (beta + one.age).powf(-s);
    ln_gamma(r + x) - ln_gamma(r) + r * alpha.ln() + s * beta.ln() + (there + s / sum * left).ln()
}

#[test]
fn the_likelihood_is_that_of_the_published_form() {
    for (r, alpha, s, beta) in [(0.55, 10.6, 0.61, 11.7), (0.55, 11.7, 0.61, 10.6), (2.0, 3.0, 0.2, 30.0)] {
        let model = ParetoNbd { r, alpha, s, beta };
        for (frequency, recency, age) in [(0, 0.0, 39.0), (1, 5.0, 39.0), (2, 30.0, 39.0), (12, 38.0, 39.0)] {
            let one = Customer { frequency, recency, age, monetary: 0.0 };
            // Somebody who bought again is needed for a fit, and taken off again.
            let other = Customer { frequency: 1, recency: 1.0, age: 2.0, monetary: 0.0 };
            let found = model.log_likelihood(&[one, other]).unwrap();
            let expected = pareto_by_hypergeometric(&model, &one) + pareto_by_hypergeometric(&model, &other);
            assert!((found - expected).abs() < 1e-9, "{model:?} {one:?}: {found} {expected}");
        }
    }
    let model = BgNbd { r: 0.3, alpha: 4.0, a: 0.8, b: 2.5, variant: Variant::Plain };
    let one = Customer { frequency: 3, recency: 20.0, age: 39.0, monetary: 0.0 };
    let front = ln_gamma(3.3) - ln_gamma(0.3) + 0.3 * 4.0_f64.ln() + ln_beta(0.8, 5.5) - ln_beta(0.8, 2.5);
    let times = 43.0_f64.powf(-3.3) + 0.8 / 4.5 * 24.0_f64.powf(-3.3);
    near(model.log_likelihood(&[one]).unwrap(), front + times.ln());
}

#[test]
fn hundreds_of_purchases_are_no_trap() {
    let model = ParetoNbd { r: 0.55, alpha: 10.58, s: 0.61, beta: 11.67 };
    let of = |frequency| Customer { frequency, recency: 200.0, age: 200.0, monetary: 0.0 };
    // lifetimes overflows from 133 on.
    let more: Vec<f64> = [132, 133, 1_000, 20_000]
        .into_iter()
        .map(|frequency| model.expected_of(&of(frequency), 10.0))
        .collect();
    assert!(more.is_sorted() && more.iter().all(|one| one.is_finite()), "{more:?}");
    let silent = Customer { frequency: 5_000, recency: 10.0, age: 200.0, monetary: 0.0 };
    assert_eq!(model.alive(&silent), 0.0);
    let bg = BgNbd { r: 0.24, alpha: 4.4, a: 0.8, b: 2.4, variant: Variant::Plain };
    assert!(bg.expected_of(&of(20_000), 2_000.0) > bg.expected_of(&of(1_000), 2_000.0));
    assert_eq!(bg.expected_of(&silent, 52.0), 0.0);
}

#[test]
fn the_order_of_customers_leaves_no_trace() {
    let mut customers = cdnow().0;
    // Enough of them that several threads sum.
    for copy in 1..12_u32 {
        let later = |one: &Customer| Customer { age: one.age + f64::from(copy) / 70.0, ..*one };
        customers.extend(cdnow().0.iter().map(later));
    }
    let fit = ParetoNbd::fit(&customers).unwrap();
    customers.reverse();
    customers.rotate_left(1_000);
    assert_eq!(ParetoNbd::fit(&customers).unwrap(), fit);
    assert_eq!(
        GammaGamma::fit(&customers),
        GammaGamma::fit(&customers.iter().rev().copied().collect::<Vec<_>>())
    );
}

/// Spread out evenly, without chance: the same customers on every machine.
fn crowd(count: u32, of: impl Fn(f64) -> Customer) -> Vec<Customer> {
    (0..count).map(|number| of((f64::from(number) + 0.5) / f64::from(count))).collect()
}

#[test]
fn data_without_an_answer_are_told_so() {
    let none = crowd(100, |share| Customer { frequency: 0, recency: 0.0, age: 10.0 * share, monetary: 0.0 });
    assert_eq!(BgNbd::fit(&none, Variant::Plain), Err(Refusal::NoRepeaters { customers: 100 }));
    assert_eq!(ParetoNbd::fit(&[]), Err(Refusal::NoCustomers));
    assert_eq!(GammaGamma::fit(&none), Err(Refusal::NoAmounts));
    let one = Customer { frequency: 3, recency: 8.0, age: 9.0, monetary: 20.0 };
    let refused = BgNbd::fit(&[one], Variant::Plain).unwrap_err().to_string();
    assert!(refused.contains("The 1 customers do not tell"), "{refused}");
    // All of them bought to the last day.
    let lively = crowd(400, |share| {
        let frequency = (1.0 + 9.0 * share) as u32;
        Customer { frequency, recency: 40.0, age: 40.0, monetary: 5.0 }
    });
    for refused in [
        BgNbd::fit(&lively, Variant::Plain).unwrap_err().to_string(),
        ParetoNbd::fit(&lively).unwrap_err().to_string(),
    ] {
        assert!(refused.contains("has no best value"), "{refused}");
    }
    // Nobody's amounts differ.
    let refused = GammaGamma::fit(&lively).unwrap_err();
    assert!(matches!(refused, Refusal::Endless { parameter: "p" | "q" | "v", .. }), "{refused}");
}

#[test]
fn what_lifetimes_does_not_converge_on_is_fitted() {
    // Days in place of weeks, seconds in place of days: the scale of time is no matter.
    let scaled = |factor: f64| {
        let customers = cdnow().0;
        let longer =
            |one: &Customer| Customer { recency: one.recency * factor, age: one.age * factor, ..*one };
        customers.iter().map(longer).collect::<Vec<_>>()
    };
    let weeks = BgNbd::fit(&scaled(1.0), Variant::Plain).unwrap().model;
    for factor in [7.0, 604_800.0, 1e-4] {
        let BgNbd { r, alpha, a, b, .. } = BgNbd::fit(&scaled(factor), Variant::Plain).unwrap().model;
        all_near(&[r, alpha / factor, a, b], &[weeks.r, weeks.alpha, weeks.a, weeks.b]);
        ParetoNbd::fit(&scaled(factor)).unwrap();
    }
    // Few, and very frequent.
    let few = crowd(12, |share| {
        let frequency = (4000.0 * share * share) as u32 + 1;
        Customer {
            frequency,
            recency: 300.0 * (0.2 + 0.7 * share),
            age: 365.0,
            monetary: 1e6 * (1.0 + share),
        }
    });
    let fitted = BgNbd::fit(&few, Variant::Plain);
    assert!(matches!(fitted, Ok(_) | Err(Refusal::Endless { .. })), "{fitted:?}");
    if let Ok(fit) = fitted {
        assert!(fit.slope < 1e-6, "{fit:?}");
    }
}

#[test]
fn value_is_that_of_lifetimes() {
    // With its parameters, its months of 4.345 weeks and one percent a month.
    let model = BgNbd {
        r: 0.2425929282798216,
        alpha: 4.413532265271803,
        a: 0.7928859664405851,
        b: 2.42575238262545,
        variant: Variant::Plain,
    };
    let spend = GammaGamma { p: 6.248802496074264, q: 3.744588460923312, v: 15.447748064932831 };
    let horizon = Horizon { length: 12.0 * 4.345, step: 4.345, discount: 0.01 };
    let mut foreteller = Foreteller::new(&model, horizon);
    let mut value = |one: &Customer| foreteller.prospect(one, spend.spend(one), 1.0).value;
    let customers = rounded();
    let expected = [
        36.278495763626665,
        4.63746632856977,
        8.344093121809948,
        8.344093121809948,
        8.344093121809948,
        283.5235925904007,
        6.881406907981419,
        8.344093121809948,
        43.35364239686249,
        8.344093121809948,
    ];
    all_near(&customers[..10].iter().map(&mut value).collect::<Vec<_>>(), &expected);
    near(customers.iter().map(&mut value).sum::<f64>(), 71509.8993193664);
    // Half the margin is half the value, and without a discount it is purchases times spend.
    let plain = Horizon { discount: 0.0, ..horizon };
    let found = Foreteller::new(&model, plain).prospect(&customers[5], 20.0, 0.5);
    near(found.value, found.purchases * 10.0);
}

#[test]
fn orders_become_customers() {
    let purchase =
        |customer, day, units: i64| Purchase { customer, day, amount_millionths: units * 1_000_000 };
    let purchases = vec![
        purchase(7, 100, 30),
        purchase(7, 107, 10),
        purchase(2, 90, 5),
        // Twice on one day, and in no order.
        purchase(7, 121, 20),
        purchase(7, 121, 4),
        purchase(2, 140, 8),
        purchase(9, 131, 1),
        purchase(7, 135, 9),
    ];
    let found = summarise(purchases, 130, 140, Unit::Week);
    let seven = found.iter().find(|one| one.number == 7).unwrap();
    let expected = Customer { frequency: 2, recency: 3.0, age: 30.0 / 7.0, monetary: 17.0 };
    assert_eq!((seven.customer, seven.bought_later, seven.total_millionths), (expected, 1, 64_000_000));
    let two = found.iter().find(|one| one.number == 2).unwrap();
    let expected = Customer { frequency: 0, recency: 0.0, age: 40.0 / 7.0, monetary: 0.0 };
    assert_eq!((two.customer, two.bought_later), (expected, 1));
    // Who came later is not known yet.
    assert_eq!(found.len(), 2);
}

#[test]
fn customers_that_cannot_be_are_named() {
    let one = Customer { frequency: 1, recency: 2.0, age: 3.0, monetary: 1.0 };
    assert_eq!(one.check(), Ok(()));
    for (wrong, flaw) in [
        (Customer { recency: 4.0, ..one }, Flaw::RecencyPastAge),
        (Customer { frequency: 0, ..one }, Flaw::RecencyWithoutPurchase),
        (Customer { recency: 0.0, ..one }, Flaw::PurchaseWithoutRecency),
        (Customer { age: f64::NAN, ..one }, Flaw::Age),
        (Customer { recency: -1.0, ..one }, Flaw::Recency),
        (Customer { monetary: f64::INFINITY, ..one }, Flaw::Monetary),
    ] {
        assert_eq!(wrong.check(), Err(flaw));
    }
}

#[test]
fn costs_come_back_inside_a_step() {
    let value = [(1.0, 10.0), (2.0, 30.0), (3.0, 35.0)];
    assert_eq!(payback(value.into_iter(), 20.0), Payback::After(1.5));
    assert_eq!(payback(value.into_iter(), 5.0), Payback::After(0.5));
    assert_eq!(payback(value.into_iter(), 35.0), Payback::After(3.0));
    assert_eq!(payback(value.into_iter(), 35.1), Payback::NotWithin(3.0));
    assert_eq!(payback(value.into_iter(), 0.0), Payback::After(0.0));
    assert_eq!((value_to_cost(30.0, 12.0), value_to_cost(30.0, 0.0)), (Some(2.5), None));
}
