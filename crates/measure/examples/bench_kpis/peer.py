"""The SQL behind each key figure, put to DuckDB over the files of the lake; and its times beside those of the lake itself."""

import json
import math
import pathlib
import sys
import time

import duckdb

FOLDER = pathlib.Path(sys.argv[1])
ASKED = json.loads((FOLDER / "asked.json").read_text())


def fastest(connection, figure):
    """Seconds of the fastest run after a first that warms the files."""
    best = math.inf
    for _ in range(ASKED["runs"] + 1):
        begin = time.perf_counter()
        found = connection.execute(figure["sql"])
        columns, rows = [column[0] for column in found.description], found.fetchall()
        best = min(best, time.perf_counter() - begin)
        value = rows[0][columns.index("value")]
        if value is None or not math.isclose(value, figure["value"], rel_tol=1e-12):
            sys.exit(f"{figure['name']}: the report says {figure['value']}, DuckDB {value}")
    return best


def main():
    connection = duckdb.connect(config={"threads": ASKED["threads"]})
    for table in ASKED["tables"]:
        files = FOLDER / "lake" / table / "**" / "*.parquet"
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}', hive_partitioning = true)")
    print(f"DuckDB {duckdb.__version__}, {ASKED['threads']} threads. Milliseconds, the best of {ASKED['runs']}; all answers are equal.")
    print(f"{'':20}{'lake':>9}{'DuckDB':>9}{'ratio':>7}")
    ratios, sums = [], [0.0, 0.0]
    for figure in ASKED["figures"]:
        lake, duck = figure["took"], fastest(connection, figure)
        ratios.append(duck / lake)
        sums = [sums[0] + lake, sums[1] + duck]
        print(f"{figure['name']:20}{lake * 1_000:9.1f}{duck * 1_000:9.1f}{duck / lake:7.2f}")
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    print(f"{'all':20}{sums[0] * 1_000:9.1f}{sums[1] * 1_000:9.1f}{sums[1] / sums[0]:7.2f}, geometric mean {mean:.2f}")
    print(f"all figures and their intervals from the log: {ASKED['of_log']:.2f} s, {sums[1] / ASKED['of_log']:.2f} of DuckDB's time for the values")


main()
