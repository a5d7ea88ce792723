"""Pictures, stored on disk, resized."""
