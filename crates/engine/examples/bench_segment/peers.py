"""The questions of bench_segment, put to DuckDB and ClickHouse (as chDB) over the same events in tables of their own.

Each question is written in every form that may be the fastest, and the fastest counts. Every count must be the engine's.
"""

import json
import math
import sys
import time
from pathlib import Path

import chdb.session
import duckdb

RUNS = 5
DAY = 86_400
FOLDER = Path(sys.argv[1])
ASKED = json.loads((FOLDER / "asked.json").read_text())
NOW = ASKED["now"]
NAMES = ", ".join(f"'{name}'" for name in ASKED["names"])
COLUMNS = ["number", "time", "profile", "name", "total", "currency", "section"]


def since(days):
    return f"time > {NOW - days * DAY}"


def people(where, having):
    return f"select count(*) from (select profile from events where {where} group by profile having {having})"


def one_but_not_other(one, other):
    return [
        people(f"({one}) or ({other})", f"max({one}) and not max({other})"),
        people(f"({one}) or ({other})", f"count(*) filter (where {other}) = 0"),
        f"select count(distinct profile) from events where {one} "
        f"and profile not in (select profile from events where {other})",
        f"select count(distinct profile) from events a left anti join "
        f"(select profile from events where {other}) b using (profile) where {one}",
    ]


def followed():
    """A cart of the last 30 days that no order followed within an hour, and the hour is over."""
    carts = f"name = 'Product Added' and {since(30)}"
    orders = f"name = 'Order Completed' and {since(30)}"
    over = f"time + 3600 <= {NOW}"
    joined = (
        f"from (select profile, number, time from events where {carts} and {over}) a asof left join "
        f"(select profile, number, time from events where {orders}) b "
        "on a.profile = b.profile and a.number < b.number "
        "where coalesce(b.time, 0) = 0 or b.time > a.time + 3600"
    )
    following = (
        "select profile, name, time, min(case when name = 'Order Completed' then time end) over "
        "(partition by profile order by number rows between current row and unbounded following) as next "
        f"from events where ({carts}) or ({orders})"
    )
    return [
        f"select count(distinct a.profile) {joined}",
        f"select count(*) from (select a.profile {joined} group by a.profile)",
        f"select count(distinct profile) from ({following}) where name = 'Product Added' and {over} "
        "and (next is null or next > time + 3600)",
    ]


BOUGHT = "name = 'Order Completed'"
SQL = {
    "q1": [people(f"{BOUGHT} and {since(30)}", "count(*) >= 2")],
    "q2": one_but_not_other(f"{BOUGHT} and {since(365)}", f"name = 'Email Opened' and {since(90)}"),
    "q3": [people(f"{BOUGHT} and {since(180)}", "sum(total) > 30000")],
    "q4": one_but_not_other(f"name = 'Page Viewed' and {since(7)}", BOUGHT),
    "q5": followed(),
    "q6": [people(f"name = 'Page Viewed' and section = 7 and {since(90)}", "count(*) >= 3")],
    "q7": [people(f"name = 'Page Viewed' and {since(30)}", "count(*) >= 20")],
}


class DuckDb:
    def __init__(self):
        self.connection = duckdb.connect(str(FOLDER / "duckdb"), config={"threads": ASKED["threads"]})
        kinds = ["UINTEGER", "UINTEGER", "UINTEGER", f"ENUM ({NAMES})", "UINTEGER", "VARCHAR", "UTINYINT"]
        columns = ", ".join(f"{column} {kind}" for column, kind in zip(COLUMNS, kinds))
        self.connection.execute("set preserve_insertion_order = true")
        self.connection.execute(f"create table arrived ({columns})")
        self.connection.execute(f"copy arrived from '{FOLDER / 'events.csv'}' (header false, delimiter ',')")
        self.connection.execute("create table events as from arrived order by name, profile, time, number")
        self.connection.execute("checkpoint")

    def forms(self, sql):
        """Both tables have what speaks for them: sorted for the name and the person, or by time as the events came."""
        return [sql, sql.replace("from events", "from arrived")]

    def ask(self, sql):
        return self.connection.execute(sql).fetchone()[0]


class ChDb:
    def __init__(self):
        self.session = chdb.session.Session(str(FOLDER / "chdb"))
        values = ", ".join(f"'{name}' = {place}" for place, name in enumerate(ASKED["names"]))
        name = f"Enum8({values})"
        kinds = ["UInt32", "UInt32", "UInt32", name, "UInt32", "LowCardinality(String)", "UInt8"]
        columns = ", ".join(f"{column} {kind}" for column, kind in zip(COLUMNS, kinds))
        order = "order by (name, profile, time, number)"
        self.session.query("create database bench")
        self.session.query(f"create table bench.events ({columns}) engine = MergeTree {order}")
        quoted = columns.replace("'", "\\'")
        self.session.query(f"insert into bench.events select * from file('{FOLDER / 'events.csv'}', CSV, '{quoted}')")
        self.session.query("optimize table bench.events final")

    def forms(self, sql):
        return [sql.replace("from events", "from bench.events")]

    def ask(self, sql):
        return int(str(self.session.query(f"{sql} settings max_threads = {ASKED['threads']}", "CSV")).strip())


def fastest(peer, name, count):
    """Milliseconds of the fastest form, each form asked some times after a first that warms it."""
    best, refusals = math.inf, []
    for sql in (form for sql in SQL[name] for form in peer.forms(sql)):
        try:
            found = peer.ask(sql)
        except Exception as refusal:  # a form that one of them does not speak
            refusals.append(str(refusal).splitlines()[0])
            continue
        if found != count:
            sys.exit(f"{name}: the engine counts {count}, {type(peer).__name__} {found} for {sql}")
        for _ in range(RUNS):
            begin = time.perf_counter()
            peer.ask(sql)
            best = min(best, (time.perf_counter() - begin) * 1_000)
    if best == math.inf:
        sys.exit(f"{name}: {type(peer).__name__} answers none of its forms: {refusals}")
    return best


def measured(kind):
    begin = time.perf_counter()
    peer = kind()
    print(f"{kind.__name__} took the events in {time.perf_counter() - begin:.0f} s", flush=True)
    return {answer["name"]: fastest(peer, answer["name"], answer["count"]) for answer in ASKED["answers"]}


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main():
    duck, ch = measured(DuckDb), measured(ChDb)
    better = {name: min(duck[name], ch[name]) for name in SQL}
    print(f"DuckDB {duckdb.__version__}, chDB {chdb.__version__}, {ASKED['threads']} threads. Milliseconds; the counts are equal.")
    print("The engine: median (and best) of its runs; swept: other memory went through the caches before each.")
    ways = ["1 thread", "2 threads", "1 swept", "2 swept"]
    print(f"{'':3}{'count':>9}" + "".join(f"{way:>18}" for way in ways) + f"{'DuckDB':>9}{'chDB':>9}{'ratio 1T':>10}{'2T':>7}")
    ratios = {(way, kind): [] for way in ways for kind in ("median", "best")}
    for answer in ASKED["answers"]:
        name, cells = answer["name"], ""
        for way in ways:
            figures = answer[way]
            for kind, figure in figures.items():
                ratios[way, kind].append(better[name] / figure)
            cells += f"{figures['median']:>10.3f} ({figures['best']:.3f})".rjust(18)
        of_two = "".join(f"{ratios[way, 'median'][-1]:>{width}.0f}" for way, width in (("1 thread", 10), ("2 threads", 7)))
        print(f"{name:3}{answer['count']:>9}{cells}{duck[name]:>9.1f}{ch[name]:>9.1f}{of_two}")
    print("Geometric mean of the ratios to the better peer:")
    for (way, kind), some in ratios.items():
        print(f"{way:>10}, {kind:6}: q1 to q5 {geometric_mean(some[:5]):.0f}, all {geometric_mean(some):.0f}")
    for answer in ASKED["answers"]:
        print(f"{answer['name']}  {answer['text']}")


main()
