"""The deeds: one module each, each one transaction, one decision, one event. Everything that changes state or gives objects away is here.

A deed begins `(store, caller, ...)`. `submit` is the only door for objects: TAXII, console, command line and feeds all end there.
"""
