"""Signed links open for what they were made for, and for nothing else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.domain.errors import BadLink, ExpiredLink
from newsletter.domain.tokens import Keyring, Purpose, Signer, keyring_from

NOW = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)
PAYLOAD = b"sixteen bytes!!!"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
KEYS = keyring_from("a secret for tests only, as long as it needs to be")
KEPT_TOKEN = "AQEAAAAAc2l4dGVlbiBieXRlcyEhIZECupPmSAeEd7PgMA"


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_opens_for_its_purpose(purpose: Purpose) -> None:
    token = KEYS.sign(purpose, PAYLOAD)

    opened = KEYS.open(purpose, token, NOW)

    assert opened == PAYLOAD


@pytest.mark.parametrize("other", Purpose)
@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_for_one_purpose_is_noise_for_every_other(purpose: Purpose, other: Purpose) -> None:
    token = KEYS.sign(purpose, PAYLOAD)

    if other is purpose:
        assert KEYS.open(other, token, NOW) == PAYLOAD
    else:
        with pytest.raises(BadLink):
            KEYS.open(other, token, NOW)


def test_a_token_is_safe_in_an_address_as_it_is() -> None:
    tokens = [KEYS.sign(Purpose.CONFIRM, bytes([number]) * 13) for number in range(256)]

    assert set("".join(tokens)) <= set(ALPHABET)


def test_another_installation_opens_nothing() -> None:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, PAYLOAD)

    with pytest.raises(BadLink):
        keyring_from("another secret").open(Purpose.UNSUBSCRIBE, token, NOW)


def test_one_secret_always_gives_one_key() -> None:
    again = keyring_from("a secret for tests only, as long as it needs to be")

    assert again == KEYS


def test_an_older_key_still_opens_old_links_and_new_ones_take_the_current() -> None:
    old = Keyring({1: b"old"}, current=1)
    both = Keyring({1: b"old", 2: b"new"}, current=2)

    assert both.open(Purpose.UNSUBSCRIBE, old.sign(Purpose.UNSUBSCRIBE, PAYLOAD), NOW) == PAYLOAD
    assert both.open(Purpose.UNSUBSCRIBE, both.sign(Purpose.UNSUBSCRIBE, PAYLOAD), NOW) == PAYLOAD
    with pytest.raises(BadLink):
        old.open(Purpose.UNSUBSCRIBE, both.sign(Purpose.UNSUBSCRIBE, PAYLOAD), NOW)


def test_a_key_under_another_number_opens_nothing() -> None:
    token = Keyring({1: b"same"}, current=1).sign(Purpose.UNSUBSCRIBE, PAYLOAD)

    with pytest.raises(BadLink):
        Keyring({2: b"same"}, current=2).open(Purpose.UNSUBSCRIBE, token, NOW)


def test_every_change_of_one_character_is_refused() -> None:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, PAYLOAD, NOW + timedelta(days=1))
    changed = [
        token[:index] + char + token[index + 1 :]
        for index, kept in enumerate(token)
        for char in ALPHABET
        if char != kept
    ]

    opened = [forged for forged in changed if opens(forged)]

    assert len(changed) == len(token) * 63
    assert opened == []


def test_every_cut_and_every_addition_is_refused() -> None:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, PAYLOAD)
    cut = [token[:length] for length in range(len(token))] + [
        token[length:] for length in range(1, len(token))
    ]
    longer = [token + end for end in ("A", "AA", "AAAA", "=", "==", "\n", " ", ".", token)] + [" " + token]

    opened = [forged for forged in cut + longer if opens(forged)]

    assert opened == []


@pytest.mark.parametrize("token", ["é" * 40, "\ud800", "A" * 40 + "ſ", "\0", "A\0B", "Ａ" * 40], ids=ascii)
def test_a_token_beyond_ascii_is_refused(token: str) -> None:
    with pytest.raises(BadLink):
        KEYS.open(Purpose.UNSUBSCRIBE, token, NOW)


@given(st.one_of(st.text(), st.text(ALPHABET + "=+/"), st.text(st.characters())))
@settings(max_examples=100)
def test_a_forged_token_opens_nothing(token: str) -> None:
    with pytest.raises(BadLink):
        KEYS.open(Purpose.UNSUBSCRIBE, token, NOW)


@pytest.mark.parametrize("length", range(31))
def test_a_payload_of_any_length_comes_back(length: int) -> None:
    token = KEYS.sign(Purpose.CONFIRM, b"x" * length)

    assert KEYS.open(Purpose.CONFIRM, token, NOW) == b"x" * length


@given(st.binary(max_size=60), st.sampled_from(Purpose))
@settings(max_examples=100)
def test_any_payload_comes_back_as_it_was(payload: bytes, purpose: Purpose) -> None:
    token = KEYS.sign(purpose, payload, NOW + timedelta(days=1))

    assert KEYS.open(purpose, token, NOW) == payload


@pytest.mark.parametrize("second", [0, 30, 59])
def test_a_token_ends_with_the_minute_it_was_given(second: int) -> None:
    minute = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    token = KEYS.sign(Purpose.CONFIRM, PAYLOAD, minute.replace(second=second))

    assert KEYS.open(Purpose.CONFIRM, token, minute.replace(second=59, microsecond=999_999)) == PAYLOAD
    with pytest.raises(ExpiredLink):
        KEYS.open(Purpose.CONFIRM, token, minute + timedelta(minutes=1))


def test_a_token_without_expiry_is_good_for_ever() -> None:
    token = KEYS.sign(Purpose.UNSUBSCRIBE, PAYLOAD)

    assert KEYS.open(Purpose.UNSUBSCRIBE, token, datetime(9999, 12, 31, tzinfo=UTC)) == PAYLOAD


def test_only_a_true_token_is_called_too_old() -> None:
    token = KEYS.sign(Purpose.CONFIRM, PAYLOAD, NOW)

    with pytest.raises(BadLink) as refused:
        KEYS.open(Purpose.SIGN_IN, token, NOW + timedelta(days=1))

    assert refused.type is BadLink


def test_links_in_mails_of_the_first_version_still_open() -> None:
    assert KEYS.open(Purpose.UNSUBSCRIBE, KEPT_TOKEN, NOW) == PAYLOAD


@given(st.binary(max_size=60), st.sampled_from(Purpose), st.integers(0, 255), st.binary(max_size=100))
@settings(max_examples=200)
def test_a_signer_makes_the_tokens_of_its_keyring(
    payload: bytes, purpose: Purpose, number: int, key: bytes
) -> None:
    keys = Keyring({number: key, number ^ 1: b"another"}, current=number)

    token = Signer(keys, purpose).sign(payload)

    assert token == keys.sign(purpose, payload)
    assert keys.open(purpose, token, NOW) == payload


def test_a_signer_makes_the_tokens_of_the_first_version() -> None:
    signer = Signer(KEYS, Purpose.UNSUBSCRIBE)

    assert [signer.sign(PAYLOAD), signer.sign(b"other"), signer.sign(PAYLOAD)] == [
        *(KEPT_TOKEN, KEYS.sign(Purpose.UNSUBSCRIBE, b"other"), KEPT_TOKEN),
    ]


def test_the_purposes_in_old_links_never_change() -> None:
    assert set(Purpose) == {
        *("confirm", "unsubscribe", "preferences", "sign-in", "reading", "form", "address", "mute"),
    }


def opens(token: str) -> bool:
    try:
        KEYS.open(Purpose.UNSUBSCRIBE, token, NOW)
    except BadLink:
        return False
    return True
