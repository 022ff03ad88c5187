"""Casework: what a department may see of cases and ask for them; command line and interface call the same.

A reader sees the cases of its area that its department holds, owns, was offered
or was asked about; the department that coordinates sees all of its area. What
is asked is an event; `hub run` or a worker decides on it, and a refusal is on
record too.
"""

from hub.casework.acting import SEEN_MAX, Acting, Wanted
from hub.casework.precision import precision, under_target
from hub.casework.reading import Chosen, Reading

__all__ = ["SEEN_MAX", "Acting", "Chosen", "Reading", "Wanted", "precision", "under_target"]
