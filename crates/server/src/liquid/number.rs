//! Arithmetic as marketers expect it: `19.9 * 3` is `59.7`. Binary fractions are taken for the decimal that
//! they print as, counted exactly, and rounded once at the end.

use super::value::Value;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// Anything is a number: texts by what they begin with, the rest as 0.
    pub(super) fn of(value: &Value) -> Self {
        match value {
            Value::Int(number) => Self::Int(*number),
            Value::Float(number) => Self::Float(*number),
            Value::Text(text) | Value::Safe(text) => Self::of_text(text.trim()),
            _ => Self::Int(0),
        }
    }

    fn of_text(text: &str) -> Self {
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let digits = unsigned.bytes().take_while(u8::is_ascii_digit).count();
        let fraction = unsigned[digits..].strip_prefix('.').unwrap_or("");
        let whole_is_decimal = !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit());
        if digits > 0 && whole_is_decimal {
            return text
                .parse()
                .ok()
                .filter(|number: &f64| number.is_finite())
                .map_or(Self::Int(0), Self::Float);
        }
        let length = digits + text.len() - unsigned.len();
        Self::Int(text[..length].parse().unwrap_or(0))
    }

    pub(super) fn value(self) -> Value {
        match self {
            Self::Int(number) => Value::Int(number),
            Self::Float(number) => Value::float(number),
        }
    }

    pub(super) fn float(self) -> f64 {
        match self {
            Self::Int(number) => number as f64,
            Self::Float(number) => number,
        }
    }

    fn decimal(self) -> Option<Decimal> {
        match self {
            Self::Int(number) => Some(Decimal { digits: i128::from(number), scale: 0 }),
            Self::Float(number) => Decimal::of(number),
        }
    }

    pub(super) fn plus(self, other: Self) -> Self {
        self.reckon(other, i64::checked_add, Decimal::plus, |a, b| a + b)
    }

    pub(super) fn minus(self, other: Self) -> Self {
        self.reckon(other, i64::checked_sub, |a, b| a.plus(Decimal { digits: -b.digits, ..b }), |a, b| a - b)
    }

    pub(super) fn times(self, other: Self) -> Self {
        self.reckon(other, i64::checked_mul, Decimal::times, |a, b| a * b)
    }

    /// Whole numbers divide to whole numbers, rounded down. Nothing can be divided by zero.
    pub(super) fn divided_by(self, other: Self) -> Option<Self> {
        if other.float() == 0.0 {
            return None;
        }
        Some(self.reckon(other, floor_divide, |_, _| None, |a, b| a / b)).map(|quotient| {
            match (quotient, self.decimal().zip(other.decimal()).and_then(|(a, b)| a.over(b))) {
                (Self::Float(_), Some(exact)) => Self::Float(exact),
                (quotient, _) => quotient,
            }
        })
    }

    /// The sign is that of the divisor, so that a remainder stays within one round.
    pub(super) fn modulo(self, other: Self) -> Option<Self> {
        if other.float() == 0.0 {
            return None;
        }
        let whole = |a: i64, b: i64| a.checked_sub(floor_divide(a, b)?.checked_mul(b)?);
        Some(self.reckon(other, whole, Decimal::modulo, |a, b| a - b * (a / b).floor()))
    }

    /// Counts with whole numbers if both are whole and the answer fits, else with decimals, else in binary.
    fn reckon(
        self,
        other: Self,
        whole: impl Fn(i64, i64) -> Option<i64>,
        decimal: impl Fn(Decimal, Decimal) -> Option<Decimal>,
        binary: impl Fn(f64, f64) -> f64,
    ) -> Self {
        if let (Self::Int(a), Self::Int(b)) = (self, other)
            && let Some(number) = whole(a, b)
        {
            return Self::Int(number);
        }
        let exact = self.decimal().zip(other.decimal()).and_then(|(a, b)| decimal(a, b));
        Self::Float(exact.map_or_else(|| binary(self.float(), other.float()), Decimal::float))
    }

    /// Half a unit goes away from zero. Rounded to no places, the number is whole.
    pub(super) fn round(self, places: u32) -> Self {
        let Some(decimal) = self.decimal() else { return self };
        match (self, decimal.round(places)) {
            (Self::Int(_), _) => self,
            (_, rounded) if places == 0 => i64::try_from(rounded.digits).map_or(self, Self::Int),
            (_, rounded) => Self::Float(rounded.float()),
        }
    }

    pub(super) fn toward(self, direction: impl Fn(f64) -> f64) -> Self {
        /// Below it every whole number has an exact float.
        const EXACT_MAX: f64 = 9e15;
        match self {
            Self::Float(number) if direction(number).abs() < EXACT_MAX => Self::Int(direction(number) as i64),
            _ => self,
        }
    }

    /// Digits before and after the point, rounded to so many places; for money.
    pub(super) fn fixed(self, places: u32) -> Option<(bool, String, String)> {
        let rounded = self.decimal()?.round(places);
        let unit = 10_i128.checked_pow(places)?;
        let digits = rounded.digits.checked_mul(10_i128.checked_pow(places.checked_sub(rounded.scale)?)?)?;
        let (whole, part) =
            (digits.unsigned_abs() / unit.unsigned_abs(), digits.unsigned_abs() % unit.unsigned_abs());
        let part =
            if places == 0 { String::new() } else { format!("{part:0width$}", width = places as usize) };
        Some((digits < 0, whole.to_string(), part))
    }
}

fn floor_divide(a: i64, b: i64) -> Option<i64> {
    let quotient = a.checked_div(b)?;
    Some(if a % b != 0 && (a < 0) != (b < 0) { quotient - 1 } else { quotient })
}

/// A whole number for places and counts: fractions are cut off.
pub(super) fn whole(value: &Value) -> i64 {
    match Number::of(value) {
        Number::Int(number) => number,
        // The cast saturates, which is what a limit or an offset wants.
        Number::Float(number) => number as i64,
    }
}

/// `digits` / 10^`scale`.
#[derive(Debug, Clone, Copy)]
struct Decimal {
    digits: i128,
    scale: u32,
}

impl Decimal {
    /// The shortest decimal that stands for this float, unless it is huge or tiny.
    fn of(number: f64) -> Option<Self> {
        let shown = format!("{number}");
        let scale = shown.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let digits = shown.replace('.', "").parse().ok()?;
        Some(Self { digits, scale: u32::try_from(scale).ok()? })
    }

    fn float(self) -> f64 {
        // The parser rounds correctly, which a division by a power of ten would not always do.
        format!("{}e-{}", self.digits, self.scale).parse().expect("digits and exponent are a number")
    }

    /// Both with the same scale.
    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let stretch = |one: Self| one.digits.checked_mul(10_i128.checked_pow(scale - one.scale)?);
        Some((stretch(self)?, stretch(other)?, scale))
    }

    fn plus(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self { digits: a.checked_add(b)?, scale })
    }

    fn times(self, other: Self) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(other.digits)?, scale: self.scale + other.scale })
    }

    fn modulo(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        let rest = a.checked_rem(b)?;
        let digits = if rest != 0 && (rest < 0) != (b < 0) { rest.checked_add(b)? } else { rest };
        Some(Self { digits, scale })
    }

    /// The quotient, rounded once: both sides must be exact as floats.
    fn over(self, other: Self) -> Option<f64> {
        const EXACT_MAX: i128 = 1 << 53;
        let (a, b, _) = self.aligned(other)?;
        (a.abs() <= EXACT_MAX && b.abs() <= EXACT_MAX && b != 0).then(|| a as f64 / b as f64)
    }

    fn round(self, places: u32) -> Self {
        if places >= self.scale {
            return self;
        }
        let Some(unit) = 10_i128.checked_pow(self.scale - places) else {
            return Self { digits: 0, scale: places };
        };
        let (cut, rest) = (self.digits / unit, self.digits % unit);
        // As a difference, because twice the rest may not fit.
        let up = rest.abs() >= unit - rest.abs();
        Self { digits: if up { cut + self.digits.signum() } else { cut }, scale: places }
    }
}
