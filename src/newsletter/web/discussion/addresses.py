"""All addresses of discussions, hung on their blueprint."""

from newsletter.web.discussion import liking, reading, reporting, writing
from newsletter.web.discussion.blueprint import discussion

__all__ = ["discussion", "liking", "reading", "reporting", "writing"]
