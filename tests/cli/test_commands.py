"""The command line: what it prints, and sentences instead of tracebacks."""

import json
import socket
import stat
from pathlib import Path

import pytest
from sqlalchemy import select, update

from newsletter.cli import main
from newsletter.domain.states import CampaignState, DeliveryState, UncertainPolicy
from newsletter.models import Campaign, Post, Subscriber
from newsletter.wiring import House
from tests.cli.conftest import Run
from tests.delivery.worker import UNCERTAIN, frozen, say, taken
from tests.support.factories import make_author, make_publication, make_section, make_subscriber
from tests.support.ledgers import assert_counts_add_up, campaign_now, states


@pytest.fixture
def filled(house: House) -> House:
    with house.database.writing() as session:
        publication = make_publication(session)
        section = make_section(session, publication, "mail", "How mail works")
        make_author(session, publication)
        make_subscriber(session, publication, section)
    return house


@pytest.fixture
def letter(tmp_path: Path) -> Path:
    path = tmp_path / "letter.md"
    path.write_text("---\ntitle: A letter\n---\n\nHello {{ name | there }}.\n")
    return path


@pytest.mark.parametrize("command", [[], *([name] for name in main.commands)], ids=" ".join)
def test_every_command_has_help_with_an_example(run: Run, command: list[str]) -> None:
    result = run(*command, "--help")

    assert result.exit_code == 0
    assert "newsletter" in result.output
    assert "\\b" not in result.output


def test_a_new_database_is_made_and_an_account_added(run: Run) -> None:
    assert "up to date" in run("db", "upgrade").output

    result = run("account", "add", "Mara@Example.org", "--name", "Mara", "--role", "owner")

    assert "Mara@example.org is owner now." in result.output
    assert "http://localhost/sign-in/" in result.output


def test_publishing_to_the_web(on_database: Run, filled: House, letter: Path) -> None:
    result = on_database("publish", str(letter), "--section", "mail")

    assert result.output == "Published: http://localhost/p/a-letter\n"
    with filled.database.reading() as session:
        assert session.scalars(select(Post.state)).one() == "published"
        assert session.scalars(select(Campaign)).all() == []


def test_publishing_by_email(on_database: Run, filled: House, letter: Path) -> None:
    result = on_database("publish", str(letter), "--section", "mail", "--send")

    assert result.exit_code == 0
    assert "goes to 1 subscribers of How mail works" in result.output
    with filled.database.reading() as session:
        assert session.scalars(select(Campaign.state)).one() == "freezing"


def test_status_tells_that_nobody_works(on_database: Run, filled: House) -> None:
    assert "No worker is alive" in on_database("status").output
    assert json.loads(on_database("status", "--json").output)["workers"] == 0
    assert on_database("status", "--alive").exit_code == 1


def test_status_tells_that_all_is_well(
    on_database: Run, filled: House, letter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SWEEP_EVERY", "600")  # a worker is alive that was seen within three sweeps
    on_database("publish", str(letter), "--section", "mail", "--send")
    filled.sweep(f"{socket.gethostname()}:1").run()

    facts = json.loads(on_database("status", "--json").output)

    assert facts["workers"] == 1
    assert facts["campaigns"][0]["subject"] == "A letter"
    assert "All is well: 1 worker alive" in on_database("status").output
    assert on_database("status", "--alive").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["publish", "nothing.md", "--section", "mail"], "nothing.md: No such file"),
        (
            ["publish", "letter.md", "--section", "gossip"],
            "no section “gossip”. The sections are: mail.",
        ),
        (["publish", "letter.md"], "Say which section"),
        (
            ["publish", "letter.md", "--section", "mail", "--author", "eve@example.org"],
            "There is no account",
        ),
        (
            ["publish", "broken.md", "--section", "mail"],
            "the front matter begins with --- on line 1",
        ),
        (["publish", "tag.md", "--section", "mail"], "which does not exist"),
        (["publish", "empty.md", "--section", "mail"], "The post is empty"),
        (["publish", "date.md", "--section", "mail"], "cannot be read"),
        (["publish", "inside.md", "--section", "mail"], "stands inside HTML"),
        (["account", "add", "not an address"], "An email address holds no spaces"),
        (["account", "add", "a@example.org", "--name", "x" * 300], "The name is too long"),
        (["campaign", "pause", "nothing"], "There is no such campaign"),
        (["campaign", "resume", "nothing"], "There is no such campaign"),
        (["campaign", "show", "nothing"], "There is no such campaign"),
        (["campaign", "settle", "nothing", "--as", "failed"], "There is no such campaign"),
        (["worker"], "SMTP_URL is not set"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_input_gets_a_sentence_and_leaves_nothing(
    on_database: Run, filled: House, letter: Path, arguments: list[str], says: str
) -> None:
    (letter.parent / "broken.md").write_text("---\ntitle: x\n")
    (letter.parent / "tag.md").write_text("# Title\n\n{{ nmae }}\n")
    (letter.parent / "empty.md").write_text("# Title\n")
    (letter.parent / "date.md").write_text("---\ntitle: x\npublished: 2026-02-30\n---\ntext\n")
    (letter.parent / "inside.md").write_text("# Title\n\n<p>Hello {{ name | there }}</p>\n")

    result = on_database(*arguments)

    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output
    with filled.database.reading() as session:
        assert session.scalars(select(Post)).all() == []


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"DATABASE_URL": "sqlite:////nowhere/at/all/x.sqlite3"}, "cannot be"),
        ({"DATABASE_URL": "postgresql://localhost:1/none"}, "does not answer"),
        ({"DATABASE_URL": "mysql://localhost/x"}, "must begin with sqlite:// or postgresql://"),
        ({"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be read"),
        ({"NEWSLETTER_BATCH_SIZE": "0"}, "batch_size"),
        ({"NEWSLETTER_RETRY_WAITS": "[]"}, "retry_waits"),
        ({"NEWSLETTER_SITE_URL": "example.org"}, "must begin with http"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL must look like"),
        ({"DATABASE_URL": "postgresql://localhost:abc/x"}, "DATABASE_URL cannot be read"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else "",
)
def test_a_bad_setting_gets_a_sentence(run: Run, environment: dict[str, str], says: str) -> None:
    if "nowhere" in environment.get("DATABASE_URL", ""):
        Path("blocked").write_text("a file where a folder should be")
        environment = {"DATABASE_URL": f"sqlite:///{Path('blocked').absolute()}/x.sqlite3"}

    result = run("db", "upgrade", **environment)

    assert result.exit_code == 1
    assert says in result.output
    assert "Traceback" not in result.output


def test_a_database_without_tables_says_what_to_run(run: Run) -> None:
    result = run("status")

    assert result.exit_code == 1
    assert "newsletter db upgrade" in result.output


def test_a_file_that_is_no_database_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "newsletter.sqlite3").write_text("this is a shopping list, not a database" * 40)

    assert "is not a SQLite file" in run("status").output


def test_a_busy_port_is_named(on_database: Run, filled: House) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        result = on_database("web", "--port", str(busy.getsockname()[1]))

    assert result.exit_code == 1
    assert "for the site is not free" in result.output


@pytest.mark.parametrize(
    ("missing", "says"),
    [
        ("NEWSLETTER_SITE_URL", "https://"),
        ("SMTP_URL", "SMTP_URL must name your relay"),
        ("NEWSLETTER_SECRET_KEY", "SECRET_KEY must be set"),
        ("REDIS_URL", "REDIS_URL must name"),
    ],
)
def test_production_refuses_what_is_fine_for_trying_out(run: Run, missing: str, says: str) -> None:
    safe = {
        "NEWSLETTER_ENVIRONMENT": "production",
        "NEWSLETTER_SITE_URL": "https://letters.example.org",
        "SMTP_URL": "smtps://mail.example.org",
        "NEWSLETTER_SECRET_KEY": "x" * 40,
        "REDIS_URL": "redis://localhost",
    }
    assert run("db", "upgrade", **safe).exit_code == 0

    result = run("db", "upgrade", **{**safe, missing: ""})

    assert result.exit_code == 1
    assert says in result.output


@pytest.mark.parametrize("command", ["up", "demo", "catcher"])
def test_the_catcher_does_not_run_in_production(run: Run, command: str) -> None:
    result = run(
        command,
        NEWSLETTER_ENVIRONMENT="production",
        NEWSLETTER_SITE_URL="https://letters.example.org",
        SMTP_URL="smtps://mail.example.org",
        NEWSLETTER_SECRET_KEY="x" * 40,
        REDIS_URL="redis://localhost",
    )

    assert result.exit_code == 1
    assert "production" in result.output


def test_the_secret_is_made_once_and_private(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NEWSLETTER_SECRET_KEY")
    run("db", "upgrade")
    run("account", "add", "mara@example.org")
    path = tmp_path / "var" / "secret.key"
    first = path.read_text()
    run("account", "add", "mara@example.org")

    assert len(first) >= 32
    assert path.read_text() == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_naming_the_publication_and_its_sections(on_database: Run, filled: House) -> None:
    name = ("publication", "set", "--name", "Letters", "--sender", "me@Example.org", "--accent", "#123456")
    assert on_database(*name).exit_code == 0
    assert (
        on_database("section", "add", "Field notes", "--description", "Short.").output
        == "Added field-notes.\n"
    )
    assert on_database("section", "set", "field-notes", "--name", "Notes").exit_code == 0

    shown = on_database("publication", "show").output

    for line in ("name             Letters", "sender name      Letters", "sender address   me@example.org"):
        assert line in shown
    assert "section          field-notes: Notes" in shown


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["publication", "set", "--name", " "], "needs a name"),
        (["publication", "set", "--name", "x" * 201], "The name is too long"),
        (["publication", "set", "--accent", "red;} body {"], "is not a colour"),
        (["publication", "set", "--sender", "nobody"], "An email address looks like"),
        (["section", "add", "Mail"], "There is a section “mail” already"),
        (["section", "set", "gossip", "--name", "x"], "There is no section “gossip”"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else "",
)
def test_a_publication_that_cannot_be_gets_a_sentence(
    on_database: Run, filled: House, arguments: list[str], says: str
) -> None:
    before = on_database("publication", "show").output

    result = on_database(*arguments)

    assert result.exit_code == 1
    assert says in result.output
    assert on_database("publication", "show").output == before


def test_a_file_that_names_its_address_is_published_there_once(
    on_database: Run, filled: House, letter: Path
) -> None:
    letter.write_text("---\ntitle: A letter\nslug: here\n---\n\ntext\n")
    arguments = ("publish", str(letter), "--section", "mail", "--send")
    assert on_database(*arguments).exit_code == 0

    again = on_database(*arguments)

    assert "There is a post at “here” already" in again.output
    with filled.database.reading() as session:
        assert len(session.scalars(select(Campaign)).all()) == len(session.scalars(select(Post)).all()) == 1


def in_doubt(house: House, readers: int = 3) -> Campaign:
    """A campaign whose every letter left without an answer, and is held."""
    campaign = frozen(house, UncertainPolicy.HOLD, readers=readers)
    ledger = house.ledger()
    holding = taken(ledger)
    for recipient in holding.recipients:
        say(ledger, holding, recipient, UNCERTAIN)
    ledger.give_back(holding)
    ledger.close()
    return campaign


def first_reader(house: House) -> Subscriber:
    with house.database.reading() as session:
        return session.scalars(select(Subscriber).order_by(Subscriber.id)).all()[0]


def test_a_campaign_shows_its_counts_and_its_letters_in_doubt(on_database: Run, house: House) -> None:
    campaign, reader = in_doubt(house), first_reader(house)

    shown = on_database("campaign", "show", campaign.public_id).output

    for line in ("subject        A letter", "state          finished", "policy         hold"):
        assert line in shown
    assert "uncertain      3" in shown
    assert f"  {reader.public_id}  try 1, since 20" in shown
    assert "a person decides\n      the relay took the letter and never answered\n" in shown
    assert " more; --all" not in shown


def test_addresses_are_shown_only_when_asked_for(on_database: Run, house: House) -> None:
    campaign, reader = in_doubt(house, readers=1), first_reader(house)
    show = ("campaign", "show", campaign.public_id)
    assert reader.address

    for form in ([], ["--json"], ["--all"]):
        assert reader.address not in on_database(*show, *form).output
        assert reader.address in on_database(*show, *form, "--addresses").output


def test_many_letters_in_doubt_are_shown_in_part_or_all(on_database: Run, house: House) -> None:
    show = ("campaign", "show", in_doubt(house, readers=23).public_id)

    assert "and 3 more; --all shows them" in on_database(*show).output
    assert " more; --all" not in on_database(*show, "--all").output
    facts = json.loads(on_database(*show, "--json").output)
    assert (facts["uncertain"], len(facts["in_doubt"])) == (23, 20)
    assert facts["in_doubt"][0].keys() == {"subscriber", "attempt", "since", "detail", "due_at"}
    assert len(json.loads(on_database(*show, "--json", "--all").output)["in_doubt"]) == 23


@pytest.mark.parametrize(
    ("decision", "says", "state"),
    [
        ("accepted", "Settled 3 letters as accepted.", DeliveryState.ACCEPTED),
        ("failed", "Settled 3 letters as failed.", DeliveryState.FAILED),
        ("resend", "Planned 3 letters again, to be sent now.", DeliveryState.PLANNED),
    ],
)
def test_letters_in_doubt_are_settled_once_by_a_persons_decision(
    on_database: Run, house: House, decision: str, says: str, state: DeliveryState
) -> None:
    campaign = in_doubt(house)
    settle = ("campaign", "settle", campaign.public_id, "--as", decision, "--yes")

    assert on_database(*settle).output == f"{says}\n"
    assert states(house, campaign.id) == {state: 3}

    again = on_database(*settle)
    assert (again.exit_code, again.output) == (0, "Nothing is in doubt; nothing was changed.\n")
    assert_counts_add_up(house, campaign.id)


def test_settling_one_letter_leaves_the_others(on_database: Run, house: House) -> None:
    campaign, reader = in_doubt(house), first_reader(house)
    of_one = ("campaign", "settle", campaign.public_id, "--yes", "--subscriber", reader.public_id)

    assert on_database(*of_one, "--as", "accepted").output == "Settled 1 letter as accepted.\n"

    says = "That letter is accepted, not in doubt; nothing was changed.\n"
    assert on_database(*of_one, "--as", "failed").output == says
    assert states(house, campaign.id) == {DeliveryState.ACCEPTED: 1, DeliveryState.UNCERTAIN: 2}
    assert_counts_add_up(house, campaign.id)


def test_settling_asks_first(on_database: Run, house: House) -> None:
    campaign = in_doubt(house)

    result = on_database("campaign", "settle", campaign.public_id, "--as", "failed")

    assert result.exit_code == 1
    assert "Settle 3 letters of “A letter” as failed? This cannot be taken back." in result.output
    assert states(house, campaign.id) == {DeliveryState.UNCERTAIN: 3}


def test_letters_of_a_paused_campaign_wait_for_it(on_database: Run, house: House) -> None:
    campaign = in_doubt(house)
    with house.database.writing() as session:
        session.execute(update(Campaign).values(state=CampaignState.PAUSED))

    result = on_database("campaign", "settle", campaign.public_id, "--as", "resend", "--yes")

    assert result.output == "Planned 3 letters again, to be sent as soon as the campaign is resumed.\n"
    assert campaign_now(house, campaign.id).state is CampaignState.PAUSED


def test_what_cannot_be_settled_gets_a_sentence(on_database: Run, house: House) -> None:
    campaign = in_doubt(house)
    settle = ("campaign", "settle", campaign.public_id, "--as", "resend", "--yes")
    with house.database.writing() as session:
        session.execute(update(Campaign).values(state=CampaignState.CANCELLED))

    nobody, cancelled = on_database(*settle, "--subscriber", "nobody"), on_database(*settle)

    assert "This campaign has no letter to a subscriber nobody." in nobody.output
    assert "The campaign was cancelled" in cancelled.output
    assert nobody.exit_code == cancelled.exit_code == 1
    assert states(house, campaign.id) == {DeliveryState.UNCERTAIN: 3}
