"""The catcher's pages, on a port of their own: what is shown there was written by anybody."""
