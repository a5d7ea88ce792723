"""A newsletter platform its publisher owns."""
