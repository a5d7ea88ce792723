"""Where the addresses of an account hang."""

from flask import Blueprint

account = Blueprint("account", __name__, template_folder="templates")
