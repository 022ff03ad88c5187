"""What a store must keep, said as one check each: what was read, and what to do where it is not kept.

Every adapter lists its own; `hub doctor` shows them all.
"""

from typing import NamedTuple


class Check(NamedTuple):
    """One thing that must hold of a store, and whether it does."""

    code: str
    store: str
    ok: bool
    title: str
    title_zh: str
    proof: str
    """What was read, from where."""
    cause: str = ""
    """What happens otherwise; empty where all is well."""
    next_step: str = ""
    later: bool = False
    """Not known now, since the store did not answer: ask again."""


def check(code: str, titles: tuple[str, str], ok: bool, proof: str, cause: str, next_step: str) -> Check:
    """A check whose cause and next step are told only where it fails; its store is the code's first word."""
    told = ("", "") if ok else (cause, next_step)
    return Check(code, code.partition("-")[0], ok, *titles, proof, *told)
