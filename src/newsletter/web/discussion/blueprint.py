"""Where the addresses of discussions hang."""

from flask import Blueprint

discussion = Blueprint("discussion", __name__, template_folder="templates")
