"""The door of the queue: names to functions, nothing more."""
