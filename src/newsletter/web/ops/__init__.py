"""Pages and addresses for operators."""
