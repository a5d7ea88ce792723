"""Signing in, and what a reader decides about themselves."""
