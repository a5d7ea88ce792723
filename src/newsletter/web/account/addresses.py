"""All addresses of an account, hung on their blueprint."""

from newsletter.web.account import browsers, letters, moving, overview, own_data, profile
from newsletter.web.account.blueprint import account

__all__ = ["account", "browsers", "letters", "moving", "overview", "own_data", "profile"]
