"""Who may write under a post, and why not."""

import pytest
from sqlalchemy import update

from newsletter.discussion.joining import Standing, require_joining, standing_of
from newsletter.discussion.moderation import ban
from newsletter.domain.errors import NotAllowed
from newsletter.domain.states import Discussing, PostAccess, PostState, SubscriberState
from newsletter.models import Post, Publication
from tests.support.factories import NOW, make_subscriber


def settle(scene, publication: Discussing, post: Discussing | None = None, **of_post) -> None:
    with scene.house.database.writing() as session:
        session.execute(update(Publication).values(discussing=publication))
        session.execute(update(Post).values(discussing=post, **of_post))


def standing(scene, visitor) -> Standing:
    with scene.house.database.reading() as session:
        post, publication = session.get_one(Post, scene.post.id), session.get_one(Publication, 1)
        return standing_of(session, scene.house.hasher, post, publication, visitor)


def test_everybody_who_is_signed_in_may_join_in(scene) -> None:
    assert standing(scene, scene.ada) is Standing.MAY
    assert standing(scene, None) is Standing.SIGN_IN


@pytest.mark.parametrize(
    ("publication", "post"),
    [(Discussing.SUBSCRIBERS, None), (Discussing.EVERYBODY, Discussing.SUBSCRIBERS)],
)
def test_where_subscribers_write_an_active_subscription_of_the_same_address_is_needed(
    scene, publication, post
) -> None:
    settle(scene, publication, post)
    with scene.house.database.writing() as session:
        make_subscriber(session, scene.publication, address="Ada@example.net")
        make_subscriber(session, scene.publication, address="ben@example.net", state=SubscriberState.PENDING)

    assert standing(scene, scene.ada) is Standing.MAY
    assert standing(scene, scene.ben) is Standing.SUBSCRIBE
    assert standing(scene, scene.cleo) is Standing.SUBSCRIBE
    assert standing(scene, scene.author) is Standing.MAY
    assert standing(scene, None) is Standing.SIGN_IN


def test_under_a_post_for_subscribers_only_they_write(scene) -> None:
    settle(scene, Discussing.EVERYBODY, access=PostAccess.SUBSCRIBERS)

    assert standing(scene, scene.ada) is Standing.SUBSCRIBE


@pytest.mark.parametrize(
    "values",
    [
        {"publication": Discussing.NOBODY},
        {"publication": Discussing.EVERYBODY, "post": Discussing.NOBODY},
        {"publication": Discussing.EVERYBODY, "state": PostState.DRAFT},
        {"publication": Discussing.EVERYBODY, "access": PostAccess.EMAIL_ONLY},
    ],
)
def test_where_nobody_writes_the_author_does_not_either(scene, values) -> None:
    settle(scene, **values)

    for visitor in (None, scene.ada, scene.author, scene.editor):
        assert standing(scene, visitor) is Standing.CLOSED


def test_a_post_may_be_open_where_the_publication_is_not(scene) -> None:
    settle(scene, Discussing.NOBODY, Discussing.EVERYBODY)

    assert standing(scene, scene.ada) is Standing.MAY


def test_a_banned_person_stays_outside(scene) -> None:
    with scene.house.database.writing() as session:
        ban(session, scene.house.hasher, scene.ada.identity, scene.editor, "spam", NOW)

    assert standing(scene, scene.ada) is Standing.BANNED
    assert standing(scene, scene.ben) is Standing.MAY
    with pytest.raises(NotAllowed, match="closed the discussion to you"):
        scene.write(scene.ada, "Hello")


def test_each_obstacle_has_a_sentence_of_its_own(scene) -> None:
    def refusal(visitor) -> str:
        with scene.house.database.reading() as session, pytest.raises(NotAllowed) as caught:
            post, publication = session.get_one(Post, scene.post.id), session.get_one(Publication, 1)
            require_joining(session, scene.house.hasher, post, publication, visitor)
        return str(caught.value)

    assert "Sign in" in refusal(None)
    settle(scene, Discussing.SUBSCRIBERS)
    assert "Subscribe" in refusal(scene.ada)
    settle(scene, Discussing.NOBODY)
    assert "closed" in refusal(scene.ada)
