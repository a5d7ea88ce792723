"""Who signs for which sender."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from newsletter.mail.dkim.key_folder import load_keys
from newsletter.mail.dkim.keys import DkimKey
from newsletter.mail.dkim.signing import DkimSigner


class Signers:
    """The signers of the domains that have keys; a letter from any other domain leaves unsigned by us."""

    def __init__(self, keys: Mapping[str, Sequence[DkimKey]]) -> None:
        self._signers = {domain: DkimSigner(of_domain) for domain, of_domain in keys.items()}

    def of(self, sender: str) -> DkimSigner | None:
        """Who signs what this address sends: its domain or the nearest above, which DMARC aligns with it."""
        labels = sender.rpartition("@")[2].lower().split(".")
        above = (".".join(labels[start:]) for start in range(len(labels)))
        return next((self._signers[domain] for domain in above if domain in self._signers), None)


def signers_from(folder: Path) -> Signers:
    """The signers of the keys in a folder. Raises BadSetting, which names the file."""
    return Signers(load_keys(folder))
