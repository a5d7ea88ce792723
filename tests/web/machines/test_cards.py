"""Cards, and who may see them."""

from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image

from newsletter.domain.states import PostAccess, PostState
from newsletter.publishing.placing import Placement, place_post
from newsletter.web.machines.site import CARD_SIZE
from newsletter.wiring import House
from tests.web.conftest import Place
from tests.web.machines.conftest import publish


def card(browser: FlaskClient, path: str) -> Image.Image:
    answer = browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    return Image.open(BytesIO(answer.data))


@pytest.mark.parametrize("access", [PostAccess.PUBLIC, PostAccess.SUBSCRIBERS, PostAccess.UNLISTED])
def test_a_post_that_anybody_may_come_upon_has_a_card(
    house: House, place: Place, browser: FlaskClient, access: PostAccess
) -> None:
    publish(house, place, "A letter", access=access)

    picture = card(browser, "/p/a-letter/card.png")

    assert (picture.format, picture.size) == ("PNG", CARD_SIZE)


@pytest.mark.parametrize(
    "hidden", [{"access": PostAccess.EMAIL_ONLY}, {"state": PostState.DRAFT}], ids=["mail", "draft"]
)
def test_what_is_not_to_be_known_has_no_card(
    house: House, place: Place, browser: FlaskClient, hidden: dict[str, object]
) -> None:
    publish(house, place, "A letter", **hidden)

    assert browser.get("/p/a-letter/card.png").status_code == 404


def test_a_card_moves_with_its_post(house: House, place: Place, browser: FlaskClient) -> None:
    post = publish(house, place, "Before")
    with house.database.writing() as session:
        place_post(session, session.merge(post), Placement("after", PostAccess.PUBLIC))

    answer = browser.get("/p/before/card.png")

    assert (answer.status_code, answer.location) == (301, "/p/after/card.png")


def test_a_card_that_moved_is_hidden_as_well(house: House, place: Place, browser: FlaskClient) -> None:
    post = publish(house, place, "Before")
    with house.database.writing() as session:
        place_post(session, session.merge(post), Placement("after", PostAccess.EMAIL_ONLY))

    assert browser.get("/p/before/card.png").status_code == 404


def test_the_site_has_a_card(place: Place, browser: FlaskClient) -> None:
    assert card(browser, "/card.png").size == CARD_SIZE


def test_no_card_without_what_it_would_show(browser: FlaskClient) -> None:
    assert browser.get("/card.png").status_code == 404
    assert browser.get("/p/a-letter/card.png").status_code == 404


def test_two_posts_have_two_cards(house: House, place: Place, browser: FlaskClient) -> None:
    publish(house, place, "One")
    publish(house, place, "Another one")

    assert card(browser, "/p/one/card.png").tobytes() != card(browser, "/p/another-one/card.png").tobytes()
