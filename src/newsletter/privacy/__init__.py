"""What we hold of a person: given out, moved along with them, and forgotten."""
