"""Who reads: subscribing, leaving, choosing sections, and who must not be mailed."""
