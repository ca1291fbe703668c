"""Makes special.tsv: values of special functions to twenty digits, by mpmath with fifty.

    python3 -m venv venv && venv/bin/pip install mpmath && venv/bin/python special.py > special.tsv
"""

from mpmath import mp, mpf, loggamma, psi, betainc, beta, gammainc, erfc, erf, erfinv, hyp2f1, log, sqrt, findroot, quad, exp, pi

mp.dps = 50


def row(name, args, value):
    print(name, *[repr(float(arg)) for arg in args], mp.nstr(value, 20), sep="\t")


def lower_beta(a, b, x):
    """Regularised; by a fraction or series of mpmath for ordinary shapes, by quadrature about the peak for large ones."""
    a, b, x = mpf(a), mpf(b), mpf(x)
    if max(a, b) < 3000:
        return betainc(a, b, 0, x, regularized=True)
    log_b = loggamma(a) + loggamma(b) - loggamma(a + b)
    spread = sqrt(a * b / (a + b) ** 3)
    low = max(mpf(0), min(x, a / (a + b)) - 24 * spread)
    parts = 48
    grid = [low + (x - low) * i / parts for i in range(parts + 1)]
    density = lambda t: exp((a - 1) * log(t) + (b - 1) * log(1 - t) - log_b) if 0 < t < 1 else mpf(0)
    return quad(density, grid)


def upper_t(t, freedom):
    t, freedom = mpf(t), mpf(freedom)
    norm = exp(loggamma((freedom + 1) / 2) - loggamma(freedom / 2)) / sqrt(freedom * pi)
    edges = [t, t + 1, t + 2, t + 4, t + 8, t + 16, t + 64, t + 1024, mp.inf]
    return quad(lambda s: norm * (1 + s * s / freedom) ** (-(freedom + 1) / 2), edges)


def rows():
    sizes = [1e-3, 0.05, 0.24259, 0.5, 0.99, 1.0, 1.01, 1.5, 2.0, 2.01, 3.7, 9.5, 10.0, 31.4, 171.5, 1e3, 54321.5, 1e6, 1e8]
    for x in sizes:
        row("ln_gamma", [x], loggamma(mpf(x)))
        row("digamma", [x], psi(0, mpf(x)))
        row("trigamma", [x], psi(1, mpf(x)))
        stirling = loggamma(mpf(x)) - (mpf(x) - 0.5) * log(mpf(x)) + mpf(x) - log(2 * pi) / 2
        if x >= 10:
            row("stirling_rest", [x], stirling)
    for u in [-0.999, -0.5, -0.41, -0.39, -1e-2, -1e-5, -1e-9, 1e-9, 1e-5, 1e-2, 0.3, 0.59, 0.61, 3.0, 1e4]:
        row("ln1p_minus", [u], log(1 + mpf(u)) - mpf(u))
    for a in [1e-3, 0.24, 0.5, 1.0, 4.4, 12.5, 1e3, 1e6, 1e8]:
        for b in [1e-3, 0.5, 2.4, 9.9, 50.0, 1e3, 1e6, 1e8]:
            row("ln_beta", [a, b], loggamma(mpf(a)) + loggamma(mpf(b)) - loggamma(mpf(a) + mpf(b)))
    for a, b, xs in [
        (0.5, 0.5, [1e-6, 0.3, 0.999]), (0.01, 2.0, [1e-9, 0.5]), (2.0, 3.0, [0.01, 0.4, 0.9]),
        (50.0, 50.0, [0.2, 0.49, 0.5, 0.7]), (15.0, 985.0, [0.001, 0.01, 0.02, 0.05]), (500.0, 9500.0, [0.04, 0.05, 0.052]),
        (1.0, 1e4, [1e-7, 1e-4, 1e-3]), (1e4, 1e4, [0.48, 0.5, 0.503, 0.52]), (20600.0, 979400.0, [0.0195, 0.0205, 0.021]),
        (1e6, 1e6, [0.4975, 0.4998, 0.5, 0.5001, 0.502]), (3.0, 1e6, [1e-7, 3e-6, 1e-5]), (1e6, 2.5, [0.99999, 0.9999975]),
        (1e8, 1e8, [0.4998, 0.49999, 0.5, 0.50002, 0.5002]), (1e5, 9.99e7, [0.00099, 0.001001, 0.00101]),
        (1e8, 40.0, [0.9999995, 0.9999997]),
    ]:
        for x in xs:
            value = lower_beta(a, b, x)
            row("beta_below", [a, b, x], value)
            # Beyond the middle the upper side is the one that a test needs.
            row("beta_above", [a, b, x], lower_beta_of_mirror(a, b, x, value))
    for a, xs in [(0.01, [1e-8, 0.5, 3.0]), (0.5, [0.01, 0.3, 5.0, 40.0]), (1.0, [0.5, 100.0]), (3.0, [0.1, 2.0, 20.0]),
                  (100.0, [60.0, 90.0, 100.0, 150.0]), (1e4, [9600.0, 1e4, 10100.0, 10500.0]), (1e6, [995000.0, 1e6, 1001000.0]),
                  (1e8, [99950000.0, 1e8, 100010000.0])]:
        for x in xs:
            row("gamma_below", [a, x], gammainc(mpf(a), 0, mpf(x), regularized=True) if a < 2e4 else lower_gamma(a, x))
            row("gamma_above", [a, x], gammainc(mpf(a), mpf(x), mp.inf, regularized=True) if a < 2e4 else upper_gamma(a, x))
    for x in [-37.0, -8.0, -1.0, -0.1, 0.0, 0.1, 0.5, 1.0, 1.959963984540054, 3.0, 4.99, 5.01, 8.0, 12.0, 20.0, 37.0, 100.0, 1e4]:
        if abs(x) < 38:
            row("normal_above", [x], erfc(mpf(x) / sqrt(mpf(2))) / 2)
        row("ln_normal_above", [x], log(erfc(mpf(x) / sqrt(mpf(2))) / 2))
    for p in [1e-300, 1e-100, 1e-12, 1e-6, 0.001, 0.025, 0.05, 0.1, 0.2499, 0.2501, 0.3, 0.49, 0.4999999, 0.75, 0.975, 0.995]:
        row("normal_quantile", [p], normal_quantile(p))
    for freedom in [1.0, 2.0, 5.0, 12.7, 40.0, 333.3, 6800.0, 1e5, 1e6, 1e8]:
        for t in [0.001, 0.1, 1.0, 1.959963984540054, 4.0, 8.0]:
            row("student_above", [t, freedom], upper_t(t, freedom))
        for p in [1e-9, 0.005, 0.025, 0.2, 0.3, 0.49]:
            row("student_quantile", [p, freedom], findroot(lambda t: upper_t(-t, freedom) - mpf(p), guess_t(p, freedom)))
    for args in [(2.24259, 4.4259, 4.21883, 0.333), (26.2426, 28.4259, 28.2188, 0.6266), (0.24259, 2.4259, 2.21883, 0.9),
                 (1.16, 1.606, 2.16, 0.0548), (27.16, 1.606, 28.16, 0.0262), (133.8, 1.61, 134.8, 0.005), (5.0, 7.0, 11.0, 0.99),
                 (0.5, 0.6, 3.0, 0.999), (26.0, -0.2, 2.2, -0.7), (1.2, 0.8, 3.1, -40.0), (3.0, 2.0, 2.5, -0.1)]:
        row("hypergeometric", args, hyp2f1(*map(mpf, args)))


def lower_beta_of_mirror(a, b, x, below):
    if max(a, b) < 3000:
        return betainc(mpf(a), mpf(b), mpf(x), 1, regularized=True)
    a, b, x = mpf(a), mpf(b), mpf(x)
    log_b = loggamma(a) + loggamma(b) - loggamma(a + b)
    spread = sqrt(a * b / (a + b) ** 3)
    high = min(mpf(1), max(x, a / (a + b)) + (24 if min(a, b) > 30 else 2000) * spread)
    parts = 48 if min(a, b) > 30 else 400
    grid = [x + (high - x) * i / parts for i in range(parts + 1)]
    density = lambda t: exp((a - 1) * log(t) + (b - 1) * log(1 - t) - log_b) if 0 < t < 1 else mpf(0)
    return quad(density, grid)


def gamma_between(a, low, high):
    a = mpf(a)
    log_g = loggamma(a)
    grid = [low + (high - low) * mpf(i) / 48 for i in range(49)]
    return quad(lambda t: exp((a - 1) * log(t) - t - log_g), grid)


def lower_gamma(a, x):
    return gamma_between(a, max(mpf(0), min(mpf(x), mpf(a)) - 24 * sqrt(mpf(a))), mpf(x))


def upper_gamma(a, x):
    return gamma_between(a, mpf(x), max(mpf(x), mpf(a)) + 24 * sqrt(mpf(a)))


def normal_quantile(p):
    # The double is taken as it is, also near a half.
    p = mpf(p)
    if p > 1e-6:
        return sqrt(mpf(2)) * erfinv(2 * p - 1)
    start = -sqrt(-2 * log(p)) + log(sqrt(-2 * log(p)) * sqrt(2 * pi)) / sqrt(-2 * log(p))
    return findroot(lambda x: log(erfc(-x / sqrt(mpf(2))) / 2) - log(p), start)


def guess_t(p, freedom):
    import scipy.special

    return mpf(float(scipy.special.stdtrit(freedom, p)))


rows()
