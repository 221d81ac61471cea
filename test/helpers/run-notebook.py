"""Executes a notebook of Jupyter in a folder, and writes nothing: run-notebook.py NOTEBOOK FOLDER. Prints how many pictures came of it; a cell that fails ends it with its traceback."""

import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], 4)
NotebookClient(notebook, timeout=120, resources={"metadata": {"path": sys.argv[2]}}).execute()
print(sum("image/png" in output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])))
