"""ChannelAttribution on the same paths; its Markov model draws paths by lot."""

import sys
import time

import pandas
from ChannelAttribution import heuristic_models, markov_model

table, channel = sys.argv[1:]
begun = time.perf_counter()
paths = pandas.read_csv(table)
print(f"ChannelAttribution: read in {time.perf_counter() - begun:.3f} s (pandas)")


def told(name, ask):
    begun = time.perf_counter()
    answer = ask()
    took = time.perf_counter() - begun
    row = answer[answer["channel_name"] == channel].iloc[0]
    print(f"  {name:>12} {took:.3f} s; the first channel gets {row.iloc[1]:.6f}", flush=True)


told("heuristics", lambda: heuristic_models(paths, "path", "total_conversions", var_value="total_conversion_value"))
for order in (1, 2, 3):
    told(
        f"markov {order}",
        lambda: markov_model(
            paths,
            "path",
            "total_conversions",
            var_value="total_conversion_value",
            var_null="total_null",
            order=order,
            verbose=False,
        ),
    )
