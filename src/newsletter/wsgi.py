"""The web application for any WSGI server: `gunicorn newsletter.wsgi:app`."""

from newsletter.settings import load_settings
from newsletter.web.app import create_app
from newsletter.wiring import wire

app = create_app(wire(load_settings()))
