"""The Celery app for `celery -A newsletter.worker worker`."""

from newsletter.logs import configure_logs
from newsletter.settings import load_settings
from newsletter.tasks.app import create_worker

settings = load_settings()
configure_logs(settings.log_format)
app = create_worker(settings)
