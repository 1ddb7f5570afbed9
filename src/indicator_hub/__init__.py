"""indicator-hub: a TAXII 2.1 hub on which partner nations share cyber-threat indicators."""

__version__ = "0.1.0"
