"""The Celery app for `celery -A worker worker`, run from this folder."""

from newsletter.worker import app

__all__ = ["app"]
