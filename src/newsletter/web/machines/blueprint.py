"""Where the addresses for machines hang."""

from flask import Blueprint

machines = Blueprint("machines", __name__, template_folder="templates")
