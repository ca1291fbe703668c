"""The lifetimes package on the customers that `bench_value` made: prints seconds and parameters, one fit a line."""

import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy
import pandas
from lifetimes import BetaGeoFitter

table = pandas.read_csv(sys.argv[1])
begun = time.perf_counter()
fitter = BetaGeoFitter().fit(table["frequency"], table["recency"], table["T"])
print("fit", time.perf_counter() - begun, *(float(fitter.params_[name]) for name in ["r", "alpha", "a", "b"]))
begun = time.perf_counter()
expected = fitter.conditional_expected_number_of_purchases_up_to_time(
    52, table["frequency"], table["recency"], table["T"]
)
print("foretell", time.perf_counter() - begun, float(numpy.sum(expected)))
