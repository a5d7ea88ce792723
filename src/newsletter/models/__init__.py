"""Tables and relations. No rules and no queries live here.

Importing this package brings in every table, so that `Base.metadata` is whole.
"""

from newsletter.models.accounts import Identity, Role, Session, SignIn
from newsletter.models.audience import Consent, Departure, Subscriber, Subscription, Suppression
from newsletter.models.base import Base
from newsletter.models.delivery import Batch, Campaign, Delivery
from newsletter.models.operations import Notice, Relay, Worker
from newsletter.models.publishing import Post, Publication, Section

__all__ = [
    "Base",
    "Batch",
    "Campaign",
    "Consent",
    "Delivery",
    "Departure",
    "Identity",
    "Notice",
    "Post",
    "Publication",
    "Relay",
    "Role",
    "Section",
    "Session",
    "SignIn",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Worker",
]
