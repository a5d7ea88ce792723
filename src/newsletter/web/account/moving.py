"""Another address for an account: asked for on its page, agreed to from both mailboxes."""

from flask import request
from sqlalchemy.orm import Session

from newsletter.accounts.moving import ask_to_move, drop_changes, find_change
from newsletter.accounts.signing_in import Visitor
from newsletter.audience.belonging import reach_of
from newsletter.domain.addresses import parse_address
from newsletter.privacy.moving import Agreement, agree
from newsletter.publishing.publications import the_publication
from newsletter.web.account.blueprint import account
from newsletter.web.account.overview import Answer, change
from newsletter.web.context import house, page
from newsletter.web.languages import gettext
from newsletter.web.site.forms import speak_as_shown, words


@account.post("/account/address")
def move() -> Answer:
    """Ask for another address, or give the change up."""
    typed = request.form.get("address", "")[:1000]

    def ask(session: Session, visitor: Visitor) -> None:
        identity, now = visitor.identity, house().now()
        if request.form.get("action") == "drop":
            drop_changes(session, identity, now)
            return
        address = parse_address(typed)
        barred = reach_of(session, house().hasher, identity.publication_id, address).must_not_be_mailed
        ask_to_move(session, house().bell, identity, address, now, must_not_be_mailed=barred)

    return change("address", ask, typed)


@account.route("/address/<token>", methods=["GET", "POST"])
def agree_to_move(token: str) -> str:
    """GET shows a button; pressing it is the yes of that mailbox, with or without being signed in."""
    now = house().now()
    change_id, by_new = house().links.open_address_change(token, now)
    if request.method != "POST":
        with house().database.reading() as session:
            wanted, _identity = find_change(session, change_id, now)
            return page(session, "account/moving.html", change=wanted, by_new=by_new, token=token)
    with house().database.writing() as session:
        speak_as_shown(the_publication(session))
        said = words(gettext("Send my letters to my new address from now on."), "change of address")
        done = agree(session, house().hasher, change_id, said, now, by_new=by_new)
        wanted, _identity = find_change(session, change_id, now)
        is_whole = done is Agreement.WHOLE
        return page(session, "account/moved.html", change=wanted, by_new=by_new, is_whole=is_whole)
