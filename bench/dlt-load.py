"""
One raw load by dlt, in a process of its own: `python3 dlt-load.py DATABASE FILE SCRATCH`; prints what run-load.ts prints. `python3 dlt-load.py --version` tells the versions.

The export's rows as they stand, all columns as text, in one table of a DuckDB file: nothing is expanded, typed or merged. It is the way that dlt's documentation calls the quick one: DuckDB reads
the CSV, its rows stay Arrow all the way (so that dlt's normalizing has nothing to do), and DuckDB copies the Parquet files in. Set up with `python3 -m pip install --target /tmp/dlt "dlt[duckdb]==1.31.*" pyarrow`;
then BENCH_PYTHON=python3 PYTHONPATH=/tmp/dlt.
"""
import json
import os
import resource
import sys
import time

if sys.argv[1:] == ["--version"]:
    from importlib.metadata import version

    print(f"dlt {version('dlt')}, DuckDB {version('duckdb')}")
    sys.exit()

database, file, scratch = sys.argv[1:]
# Both are in the home folder else.
os.environ["DLT_DATA_DIR"] = os.environ["DLT_CONFIG_FOLDER"] = scratch
os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

import dlt
from dlt.sources.filesystem import readers

start = time.perf_counter()
folder, name = os.path.split(file)
rows = readers(bucket_url=f"file://{folder}", file_glob=name).read_csv_duckdb(chunk_size=100_000, use_pyarrow=True, all_varchar=True)
pipeline = dlt.pipeline("bench", pipelines_dir=scratch, destination=dlt.destinations.duckdb(database), dataset_name="raw")
pipeline.run(rows.with_name("signals"), loader_file_format="parquet").raise_on_failed_jobs()
seconds = time.perf_counter() - start
records = pipeline.last_trace.last_normalize_info.row_counts["signals"]
print(json.dumps({"records": records, "seconds": seconds, "peakMiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
