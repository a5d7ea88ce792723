"""The web application for any WSGI server: `gunicorn newsletter.wsgi:app`."""

from newsletter.logs import configure_logs
from newsletter.settings import load_settings
from newsletter.web.app import create_app
from newsletter.wiring import wire

settings = load_settings()
configure_logs(settings.log_format)
app = create_app(wire(settings))
