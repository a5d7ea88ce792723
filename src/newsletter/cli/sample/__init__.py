"""The sample publication of the demo."""
