"""TAXII 2.1 as values: what is asked, what is answered. No framework, no database. Departures from the standard: README.md beside this file."""
