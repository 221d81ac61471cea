"""Runs SQL with the DuckDB of a Python package: run-sql.py DATABASE < STATEMENTS, a JSON list. A file is only read.

Prints a JSON object: the package's version, and the rows of each statement, or what DuckDB said when it refused.
"""

import json
import sys

import duckdb

path = sys.argv[1]
statements = json.load(sys.stdin)
answer = {"version": duckdb.__version__}
try:
    with duckdb.connect(path, read_only=path != ":memory:") as connection:
        answer["rows"] = [connection.execute(statement).fetchall() for statement in statements]
except duckdb.Error as error:
    answer["refused"] = str(error)
json.dump(answer, sys.stdout)
