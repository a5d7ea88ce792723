"""Everything that can go wrong, on one page.

NewsletterError
├── BadInput            somebody gave us something we cannot use; the message says what to do
│   ├── BadAddress
│   ├── BadPost
│   ├── NotReady        the checks before sending found what stands in the way
│   ├── TooMany         too often for now; later it can be done
│   └── BadLink         a signed link that does not hold
│       └── ExpiredLink
├── NotFound            no such thing here
├── NotAllowed          this person may not do that
├── Conflict            somebody else was there first
├── BadSetting          the installation is set up wrongly
├── DatabaseTrouble     the database is missing, locked, read-only or out of date
├── RelayTrouble        the relay cannot be used now; nobody's letter is to blame
│   └── OutOfStep       its replies do not fit what we said; nothing it said counts any more
└── BrokenPromise       a rule we rely on does not hold; a bug, never a user's fault
"""


class NewsletterError(Exception):
    """Root of all our errors; its message is a sentence for a human being.

    Values that stand in it are given beside it, `{so}`: then the sentence itself can be translated.
    """

    def __init__(self, sentence: str = "", **values: object) -> None:
        super().__init__(sentence.format(**values) if values else sentence)
        self.sentence = sentence
        self.values = values


class BadInput(NewsletterError):
    """The input cannot be used; the message says what to change."""


class BadAddress(BadInput):
    """This is not an address we can mail."""


class BadPost(BadInput):
    """The post cannot be read or published as it stands."""


class NotReady(BadInput):
    """Checks found something that has to be mended, or accepted, before a letter is sent."""


class TooMany(BadInput):
    """This was done too often for now; the message says when to try again."""


class BadLink(BadInput):
    """The signed link was cut, changed or made for something else."""


class ExpiredLink(BadLink):
    """The signed link was good once."""


class NotFound(NewsletterError):
    """There is no such thing here."""


class NotAllowed(NewsletterError):
    """This person may not do that."""


class Conflict(NewsletterError):
    """Somebody changed it in the meantime."""


class BadSetting(NewsletterError):
    """A setting is missing or unsafe; the message names it."""


class DatabaseTrouble(NewsletterError):
    """The database cannot be used; the message says why and what to do."""


class RelayTrouble(NewsletterError):
    """The relay cannot be used right now; no recipient is to blame."""


class OutOfStep(RelayTrouble):
    """The relay's replies do not fit our commands."""


class BrokenPromise(NewsletterError):
    """An invariant of ours does not hold."""
