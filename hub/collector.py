"""Python's collector of cycles, told how this program lives: by batches of many rows that hold no cycles."""

import gc


def tune_collector() -> None:
    """Look for cycles rarely: remembered rows are many and hold none, and walking them cost a quarter."""
    gc.set_threshold(200_000, 50, 1_000)
