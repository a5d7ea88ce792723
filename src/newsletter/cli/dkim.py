"""`newsletter dkim`: keys that sign letters, for publishers whose relay does not sign."""

from datetime import datetime

import click

from newsletter.cli.house import open_house
from newsletter.domain.addresses import parse_address
from newsletter.mail.dkim.key_folder import load_keys, write_key
from newsletter.mail.dkim.keys import DkimKey, KeyKind, new_key


@click.group()
def dkim() -> None:
    """Keys that sign letters; needed only when your relay does not sign them itself.

    \b
    Example: newsletter dkim new example.org
    """


@dkim.command("new")
@click.argument("domain")
@click.option("--selector", default="", help="The key's name in the DNS; else made from the date.")
@click.option("--ed25519", is_flag=True, help="A second, shorter key beside the RSA one.")
def new(domain: str, selector: str, ed25519: bool) -> None:
    """Make a key for a sending domain and print the record to publish."""
    domain = parse_address(f"postmaster@{domain}").domain
    kind = KeyKind.ED25519 if ed25519 else KeyKind.RSA
    with open_house(current=False) as house:
        key = new_key(domain, selector or _selector(house.now(), kind), kind)
        folder = house.settings.dkim_folder
        path = write_key(folder, key)
        alone = kind is KeyKind.ED25519 and len(load_keys(folder)[domain]) == 1
    click.echo(f"The key is in {path}; keep it secret, and give every worker a copy.\n")
    _print_record(key)
    click.echo("\nLetters are signed from the next start of the workers. Publish the record before that.")
    if alone:
        click.echo("Make an RSA key too (without --ed25519): many receivers know no other kind.")


@dkim.command("show")
def show() -> None:
    """Print the records of all keys there are."""
    with open_house(current=False) as house:
        keys = load_keys(house.settings.dkim_folder)
    if not keys:
        click.echo("There are no keys; letters leave as they are, and your relay may sign them.")
    for of_domain in keys.values():
        for key in of_domain:
            _print_record(key)


def _print_record(key: DkimKey) -> None:
    click.echo(f"Name   {key.dns_name}\nType   TXT\nValue  {key.dns_record}\n")
    click.echo(f"As a line of a zone file:\n{key.zone_line}")


def _selector(now: datetime, kind: KeyKind) -> str:
    return f"n{now:%Y%m%d}{'' if kind is KeyKind.RSA else 'e'}"
