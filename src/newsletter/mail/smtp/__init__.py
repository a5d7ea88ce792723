"""Our SMTP client: a protocol without sockets, and an asyncio connection that drives it."""
