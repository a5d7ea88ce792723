"""Groups of recipient domains: mailboxes of one provider share one set of limits.

The domains are those the providers give out to people; the exchangers are the ends of the names their
customers' domains publish as MX records.
"""

from collections.abc import Mapping

from newsletter.domain.pacing import Limits

OTHER = "other"

_DOMAINS: Mapping[str, str] = {
    "google": "gmail.com googlemail.com",
    "microsoft": "outlook.com hotmail.com live.com msn.com outlook.de outlook.fr hotmail.co.uk hotmail.fr "
    "hotmail.de hotmail.it live.co.uk live.fr live.nl",
    "yahoo": "yahoo.com ymail.com rocketmail.com aol.com yahoo.co.uk yahoo.fr yahoo.de yahoo.it yahoo.es "
    "yahoo.ca yahoo.com.br yahoo.in aol.de aol.co.uk verizon.net att.net sbcglobal.net bellsouth.net",
    "apple": "icloud.com me.com mac.com",
    "comcast": "comcast.net",
    "gmx": "gmx.de gmx.net gmx.at gmx.ch gmx.com web.de mail.com",
    "telekom": "t-online.de magenta.de",
    "orange": "orange.fr wanadoo.fr",
    "proton": "proton.me protonmail.com pm.me",
    "yandex": "yandex.ru yandex.com ya.ru",
    "mailru": "mail.ru bk.ru inbox.ru list.ru",
}
_GROUP_OF_DOMAIN = {domain: group for group, domains in _DOMAINS.items() for domain in domains.split()}

_EXCHANGERS: Mapping[str, str] = {
    "google.com": "google",
    "googlemail.com": "google",
    "protection.outlook.com": "microsoft365",
    "mx.microsoft": "microsoft365",
    "olc.protection.outlook.com": "microsoft",
    "yahoodns.net": "yahoo",
    "mail.icloud.com": "apple",
    "comcast.net": "comcast",
    "gmx.net": "gmx",
    "kundenserver.de": "ionos",
    "protonmail.ch": "proton",
    "yandex.net": "yandex",
    "mail.ru": "mailru",
    "pphosted.com": "proofpoint",
    "mimecast.com": "mimecast",
}

GROUPS = frozenset({*_DOMAINS, *(group for group in _EXCHANGERS.values()), OTHER})

DIRECT_LIMITS: Mapping[str, Limits] = {
    "google": Limits(connections=20, rate=50),
    "microsoft": Limits(connections=10, rate=20),
    "microsoft365": Limits(connections=10, rate=20),
    "yahoo": Limits(connections=5, rate=10),
    "apple": Limits(connections=5, rate=10),
    "comcast": Limits(connections=5, rate=10),
    "gmx": Limits(connections=5, rate=5),
    "telekom": Limits(connections=5, rate=5),
    "orange": Limits(connections=2, rate=5),
}
"""Where to begin with the big receivers when we speak to them ourselves; the rest is learnt."""


def group_of(domain: str, learnt: Mapping[str, str] | None = None) -> str:
    """The group of a recipient's domain; `learnt` are domains whose mail exchangers were looked up."""
    return _GROUP_OF_DOMAIN.get(domain) or (learnt or {}).get(domain) or OTHER


def group_of_exchanger(host: str) -> str:
    """The group of a mail exchanger by the longest end of its name that we know; else `other`."""
    labels = host.lower().rstrip(".").split(".")
    for start in range(len(labels)):
        found = _EXCHANGERS.get(".".join(labels[start:]))
        if found:
            return found
    return OTHER
