"""An event-sourced hub for sharing records between the departments of a county."""

import os

# Each character of a name is read by itself, so pypinyin's table of phrases says nothing here, and loading
# it takes longer than all the rest. It is asked for when the library is first imported, so it is told here.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")
