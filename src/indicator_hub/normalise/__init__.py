"""Any feed's value to one canonical indicator, or the reason why not. Pure; serves feeds, the paste box and the shell alike.

What belongs here: bytes to text (`text`), text to rows (`formats`), a row to a value (`refang`, `observe`, with `networks` as policy)
and a row to a candidate indicator (`indicator`). A refusal is a value, never an exception; only a feed that is unusable as a whole
raises (`errors.FeedFailed`). No row vanishes: candidates = accepted + refused.
"""
