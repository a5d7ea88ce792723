"""Addresses of services that throw mailboxes away after a while."""

from disposable_email_domains import blocklist

from newsletter.domain.addresses import Address


def is_disposable(address: Address) -> bool:
    """Whether the domain, or one that it is part of, belongs to such a service."""
    labels = address.domain.split(".")
    return any(".".join(labels[start:]) in blocklist for start in range(len(labels) - 1))
