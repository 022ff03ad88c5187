"""Audit: the log replayed and compared. Nothing here decides anything new."""
