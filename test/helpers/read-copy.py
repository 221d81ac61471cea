"""Reads a published copy again and again while it is published: read-copy.py HOW FOLDER, until a line comes on standard input.

HOW is live (live.duckdb, held open), reopen (current/signals.duckdb, opened for each look), polars or pandas. Prints a line a look: a JSON object of the version, and what is read of it in one
query, or of the error that a look ended with.
"""

import json
import select
import sys
from pathlib import Path

how, folder = sys.argv[1], Path(sys.argv[2])

SUMS = """SELECT version::INTEGER AS version, (SELECT count(*) FROM marketing_signals) AS marketing_signals, (SELECT count(*) FROM behavior_signals) AS behavior_signals,
  (SELECT count(*) FROM order_items) AS order_items, (SELECT count(*) FROM marts.sends) AS "marts.sends", (SELECT count(*) FROM marts.contact_timeline) AS timeline FROM published.version"""
NAMES = ["version", "marketing_signals", "behavior_signals", "order_items", "marts.sends", "timeline"]


def looks():
    if how in ("live", "reopen"):
        import duckdb

        def ask(path):
            with duckdb.connect(str(path), read_only=True) as connection:
                return connection.execute(SUMS).fetchone()

        if how == "live":
            connection = duckdb.connect(str(folder / "live.duckdb"), read_only=True)
            return lambda: dict(zip(NAMES, connection.execute(SUMS).fetchone()))
        # The link is followed once: DuckDB in one process takes two databases of one path for the same.
        return lambda: dict(zip(NAMES, ask((folder / "current").resolve() / "signals.duckdb")))
    if how == "polars":
        import polars

        def count(files):
            return polars.scan_parquet(files, hive_partitioning=False).select(polars.len()).collect().item()

    else:
        import pandas

        def count(files):
            return sum(len(pandas.read_parquet(file)) for file in files)

    def look():
        version = (folder / "current").resolve()
        tables = ["marketing_signals", "behavior_signals", "order_items", "marts.sends"]
        found = {name: count(sorted(str(path) for path in (version / name).glob("*/*.parquet"))) for name in tables}
        for table in json.loads((version / "manifest.json").read_text())["tables"]:
            name, rows = table["name"], table["rows"]
            assert found.get(name, rows) == rows, f"version {version.name} has {rows} rows of {name} by its manifest, and {found[name]} were read"
        return {"version": int(version.name), **found}

    return look


look = looks()
while True:
    try:
        print(json.dumps(look()), flush=True)
    except Exception as error:  # Whatever a reader meets is to be told.
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)
    if select.select([sys.stdin], [], [], 0)[0]:
        break
