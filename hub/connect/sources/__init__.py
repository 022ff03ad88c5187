"""Generic sources: files and tables of one shape each, read row by row within bounds.

Only cells under headings that the contract names are kept: an unknown column
is reported and forgotten, a forbidden one never leaves its file.
"""
