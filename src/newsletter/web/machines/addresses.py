"""All addresses for machines, hung on their blueprint."""

from newsletter.web.machines import cards, feeds, sitemap, small_files
from newsletter.web.machines.blueprint import machines

__all__ = ["cards", "feeds", "machines", "sitemap", "small_files"]
