"""Who sits at the command line."""

import getpass

from newsletter.accounts.audit import Actor


def somebody() -> Actor:
    """The user of this machine, as far as it knows a name."""
    try:
        return Actor(f"{getpass.getuser()} on the command line")
    except (KeyError, OSError):
        return Actor("somebody on the command line")
