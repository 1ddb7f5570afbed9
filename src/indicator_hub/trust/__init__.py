"""Who may do what: pure functions over the roster, an object's marks and the clock's reading. See README.md beside this file."""
