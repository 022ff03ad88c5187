"""The domain, pure: facts and days in, conclusions out; no clock, no file, no table.

`evaluation.evaluate` says what a person's live records mean together at the
close of a day: the birth (`births`), the spells of residence (`residence`),
what disagrees (`findings`, described in the catalogue `discrepancies`), and
the next day on which time alone may change any of it (`limits`). Its promises:
the order of facts does not matter, and until `due` the answer stays the same.

`golden` says which of several stated values to show first, and why.

`cases` follows a discrepancy up, from raised to archived. `disclosures` says
who may see what. `events` lists all that the log may hold; `days` and `facts`
are the words the rules are written in.

Conclusions are recomputed from the live records, never patched: a record that
arrives late, twice or is withdrawn needs no rule of its own.
"""
