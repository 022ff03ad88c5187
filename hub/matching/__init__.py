"""Record linkage, pure: values in, weights and clusters out.

A *profile* is a distinct set of identifying values. Records that state the
same values share a profile, so people are resolved from profiles, of which
there are far fewer. A *model* says which values block and what each level of
agreement weighs, in bits; it is set by hand (`default_model`) or learnt from
records without labels (`training.train`). Pairs are weighed many at a time
over *columns* of codes; *clusters* turns weighted profiles into people, and
*linker* does all of it in memory.
"""

from hub.matching.model import Comparison, Model, default_model
from hub.matching.profile import Profile, profile_of

__all__ = ["Comparison", "Model", "Profile", "default_model", "profile_of"]
