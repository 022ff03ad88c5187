"""Telling others of cases: webhooks as things happen, and a digest by e-mail. Neither says anything of a person.

Whoever is told sees a case's id, kind, state and deadline, and looks the rest
up as a reader of the hub. Telling goes on beside the hub: it reads the log and
keeps a file of its own, so a receiver that is down holds up nobody.
"""
