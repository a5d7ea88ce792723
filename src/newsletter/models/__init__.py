"""Tables and relations. No rules and no queries live here.

Importing this package brings in every table, so that `Base.metadata` is whole.
"""

from newsletter.models.accounts import AddressChange, Identity, Role, Session, SignIn
from newsletter.models.audience import Consent, Departure, Subscriber, Subscription, Suppression
from newsletter.models.base import Base
from newsletter.models.delivery import Batch, Bounce, Campaign, Delivery
from newsletter.models.discussion import Ban, Comment, CommentLike, MutedThread, PostLike, Report
from newsletter.models.media import Picture
from newsletter.models.operations import AuditEntry, Notice, WebhookCall, Worker
from newsletter.models.publishing import (
    ContentVersion,
    FormerSlug,
    Page,
    Post,
    Publication,
    SearchEntry,
    Section,
)
from newsletter.models.relays import Pace, ReceiverDomain, Relay, Seat

__all__ = [
    "AddressChange",
    "AuditEntry",
    "Ban",
    "Base",
    "Batch",
    "Bounce",
    "Campaign",
    "Comment",
    "CommentLike",
    "Consent",
    "ContentVersion",
    "Delivery",
    "Departure",
    "FormerSlug",
    "Identity",
    "MutedThread",
    "Notice",
    "Pace",
    "Page",
    "Picture",
    "Post",
    "PostLike",
    "Publication",
    "ReceiverDomain",
    "Relay",
    "Report",
    "Role",
    "SearchEntry",
    "Seat",
    "Section",
    "Session",
    "SignIn",
    "Subscriber",
    "Subscription",
    "Suppression",
    "WebhookCall",
    "Worker",
]
