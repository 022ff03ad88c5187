"""An event-sourced hub for sharing records between the departments of a county."""
