"""STIX 2.1 values, pure. The only package that knows the stix2 library; nothing here reads a clock, a file or a network."""
