"""Statistics of the county, pure: plain lines go in, counts and figures with intervals come out.

Nothing here reads a clock, a file or a table. Every count knows which lines it
counts, so `disclosure` can work out what all tables of one release give away
together; every estimate knows which counts it was made from, and is withheld
with them. What a figure assumes is a text that travels with it.
"""
