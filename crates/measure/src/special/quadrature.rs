//! The integral of a smooth function over a short stretch.

/// Gauss's sixteen points on (−1, 1): those on the right, each with its weight.
const POINTS: [(f64, f64); 8] = [
    (0.9894009349916499, 0.027152459411754096),
    (0.9445750230732326, 0.062253523938647894),
    (0.8656312023878318, 0.09515851168249279),
    (0.755404408355003, 0.12462897125553388),
    (0.6178762444026438, 0.14959598881657674),
    (0.45801677765722737, 0.16915651939500254),
    (0.2816035507792589, 0.18260341504492358),
    (0.09501250983763744, 0.1894506104550685),
];

/// The sixteen points of a stretch with their weights. What changes by less than e⁸ over it, and has no pole nearer than
/// its length, is integrated to the last digit.
pub fn points(from: f64, to: f64) -> impl Iterator<Item = (f64, f64)> {
    let middle = 0.5 * (from + to);
    let half = 0.5 * (to - from);
    POINTS.iter().flat_map(move |&(place, weight)| {
        [(middle - half * place, half * weight), (middle + half * place, half * weight)]
    })
}
