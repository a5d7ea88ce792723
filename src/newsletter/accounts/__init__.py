"""Who is this: identities, roles, sign-in by a mailed link, sessions."""
