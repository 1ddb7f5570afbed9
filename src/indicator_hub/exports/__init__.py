"""Lists for devices and programs: which indicators may go to which, and how each is written. Pure: rows in, bytes out.

A format is one entry of `catalogue.py` and a writer in a module of its own; what must never go out is decided once, in `choose.py`.
"""
