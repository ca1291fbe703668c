//! Special functions against a table of twenty digits, which `special.py` made with mpmath.

use measure::special::beta::{beta_quantile, beta_sides, ln_beta};
use measure::special::gamma::{
    digamma, gamma_quantile, gamma_sides, ln_gamma, ln1p_minus, stirling_rest, trigamma,
};
use measure::special::hypergeometric::hypergeometric;
use measure::special::{normal, student};

/// What an answer may be off, in parts of it.
const OFF_MAX: f64 = 1e-12;

fn answer(name: &str, args: &[f64]) -> f64 {
    match (name, args) {
        ("ln_gamma", &[x]) => ln_gamma(x),
        ("digamma", &[x]) => digamma(x),
        ("trigamma", &[x]) => trigamma(x),
        ("stirling_rest", &[x]) => stirling_rest(x),
        ("ln1p_minus", &[u]) => ln1p_minus(u),
        ("ln_beta", &[a, b]) => ln_beta(a, b),
        ("beta_below", &[a, b, x]) => beta_sides(a, b, x).0,
        ("beta_above", &[a, b, x]) => beta_sides(a, b, x).1,
        ("gamma_below", &[shape, x]) => gamma_sides(shape, x).0,
        ("gamma_above", &[shape, x]) => gamma_sides(shape, x).1,
        ("normal_above", &[x]) => normal::above(x),
        ("ln_normal_above", &[x]) => normal::ln_above(x),
        ("normal_quantile", &[share]) => normal::quantile(share),
        ("student_above", &[t, freedom]) => student::above(t, freedom),
        ("student_quantile", &[share, freedom]) => student::quantile(share, freedom),
        ("hypergeometric", &[a, b, c, z]) => hypergeometric(a, b, c, z),
        _ => panic!("the table has a function that the test does not know: {name} {args:?}"),
    }
}

#[test]
fn every_row_of_the_table_holds() {
    let mut rows = 0;
    let mut wrong = Vec::new();
    for line in include_str!("special.tsv").lines() {
        let mut fields: Vec<&str> = line.split('\t').collect();
        let expected: f64 = fields.pop().unwrap().parse().unwrap();
        let name = fields.remove(0);
        let args: Vec<f64> = fields.iter().map(|field| field.parse().unwrap()).collect();
        let answer = answer(name, &args);
        let off = if expected == 0.0 { answer.abs() } else { (answer / expected - 1.0).abs() };
        if off.is_nan() || off > OFF_MAX {
            wrong.push(format!("{name} {args:?}: {answer:e} is off {expected:e} by {off:.1e}"));
        }
        rows += 1;
    }
    assert!(wrong.is_empty(), "{} of {rows}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(rows > 350, "the table has lost rows: {rows}");
}

#[test]
fn quantiles_lead_back_to_their_shares() {
    for share in [1e-9, 0.01, 0.3, 0.5, 0.8, 0.999] {
        for (a, b) in [(0.5, 0.5), (3.0, 1e6), (50.0, 950.0), (1e6, 1e6), (1e8, 3e7)] {
            let (below, above) = beta_sides(a, b, beta_quantile(a, b, share));
            let off = if share <= 0.5 { below / share } else { above / (1.0 - share) };
            assert!((off - 1.0).abs() < 1e-9, "beta {a} {b} at {share}: off by {:e}", off - 1.0);
        }
        for shape in [0.2, 1.0, 55.0, 1e5, 1e8] {
            let (below, above) = gamma_sides(shape, gamma_quantile(shape, share));
            let off = if share <= 0.5 { below / share } else { above / (1.0 - share) };
            assert!((off - 1.0).abs() < 1e-9, "gamma {shape} at {share}: off by {:e}", off - 1.0);
        }
    }
}

#[test]
fn the_edges_are_no_trap() {
    assert_eq!(beta_sides(2.0, 3.0, 0.0), (0.0, 1.0));
    assert_eq!(beta_sides(2.0, 3.0, 1.0), (1.0, 0.0));
    assert_eq!(gamma_sides(2.0, 0.0), (0.0, 1.0));
    assert_eq!((beta_quantile(2.0, 3.0, 0.0), beta_quantile(2.0, 3.0, 1.0)), (0.0, 1.0));
    assert_eq!(normal::quantile(0.5), 0.0);
    assert_eq!(normal::quantile(0.0), f64::NEG_INFINITY);
    assert_eq!(student::quantile(0.5, 7.0), 0.0);
    assert_eq!(student::quantile(0.75, 7.0), -student::quantile(0.25, 7.0));
    assert_eq!(normal::erf(0.3) + normal::erfc(0.3), 1.0);
}
