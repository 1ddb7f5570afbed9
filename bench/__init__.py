"""All timing: the hub beside bare FastAPI, bare ASGI and the raw database driver, in one run on one machine.

`make bench`, or `python -m bench --quick`. What is measured, and how to read it: docs/performance.md.
"""
