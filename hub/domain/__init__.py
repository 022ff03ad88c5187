"""The domain, pure: facts and events in, conclusions out; no clock, no file, no table.

`evaluation.evaluate` says what a person's live records mean together on a
day: the birth, the spells of residence, what disagrees, and the next day on
which time alone would change any of it. `cases` follows a discrepancy up.
"""
