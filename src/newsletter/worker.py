"""The Celery app for `celery -A newsletter.worker worker`."""

from newsletter.settings import load_settings
from newsletter.tasks.app import create_worker

app = create_worker(load_settings())
