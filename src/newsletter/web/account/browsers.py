"""Where somebody is signed in, and how to end that."""

from flask import request
from sqlalchemy.orm import Session

from newsletter.accounts.sessions import revoke, revoke_others
from newsletter.accounts.signing_in import Visitor
from newsletter.web.account.blueprint import account
from newsletter.web.account.overview import Answer, change
from newsletter.web.context import house

_LONGEST_NUMBER = 18


@account.post("/account/browsers")
def browsers() -> Answer:
    """Sign out one browser, or all but this one."""

    def end(session: Session, visitor: Visitor) -> None:
        number = request.form.get("browser", "")
        if "others" in request.form:
            revoke_others(session, visitor, house().now())
        elif number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER:
            revoke(session, visitor, int(number), house().now())

    return change("browsers", end)
