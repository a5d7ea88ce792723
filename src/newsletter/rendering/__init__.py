"""Text in, text out: an author's Markdown becomes a page, a letter's HTML and its plain text, and a plan."""
