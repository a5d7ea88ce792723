"""Builds the web application."""

from collections.abc import Collection, Mapping
from pathlib import Path
from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from newsletter.database import Database
from newsletter.publishing.newest import NewestVersion
from newsletter.publishing.versions import Version, versions
from newsletter.web import assets, covers, errors, keeping, languages, portraits, security, themes
from newsletter.web.account.addresses import account
from newsletter.web.account.signing_in import signing_in
from newsletter.web.context import EXTENSION
from newsletter.web.discussion.addresses import discussion
from newsletter.web.discussion.muting import muting
from newsletter.web.limits import limit_clients, limit_forms
from newsletter.web.machines.addresses import machines
from newsletter.web.ops.health import health
from newsletter.web.page_cache import Newest, PageCache
from newsletter.web.site import forms, paging
from newsletter.web.site.archive import archive
from newsletter.web.site.embedding import embedding
from newsletter.web.site.leaving import leaving
from newsletter.web.site.media import media
from newsletter.web.site.pages import pages
from newsletter.web.site.posts import site_posts
from newsletter.web.site.subscribing import subscribing
from newsletter.web.site.switches import switches
from newsletter.web.studio.campaigns import campaigns
from newsletter.web.studio.embedding import embed_codes
from newsletter.web.studio.free_pages import free_pages
from newsletter.web.studio.moderating import moderating
from newsletter.web.studio.pictures import pictures
from newsletter.web.studio.placing import placing
from newsletter.web.studio.posts import posts
from newsletter.web.studio.preview import preview
from newsletter.wiring import House

_STATIC = Path(__file__).parent / "static"
_YEAR = 365 * 24 * 60 * 60


def create_app(house: House) -> Flask:
    """The site, the studio and the health checks of one installation."""
    app = Flask("newsletter.web", static_folder=None)
    app.extensions[EXTENSION] = house
    app.config["MAX_FORM_MEMORY_SIZE"] = security.STUDIO_BODY
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    limiter = limit_clients(app, house.settings)
    app.extensions["newsletter_limiter"] = limiter  # its views refer to it weakly
    for blueprint in (
        *(pages, archive, site_posts, switches, subscribing, embedding, leaving, media, machines, health),
        *(signing_in, account, discussion, muting),
        *(posts, preview, placing, pictures, free_pages, embed_codes, campaigns, moderating),
    ):
        app.register_blueprint(blueprint)
    limit_forms(app, limiter)
    security.protect(app)
    errors.explain(app)
    for room in (languages, themes, keeping, paging, forms, covers, portraits):
        room.add_to(app)
    assets.add_to(app, _STATIC)
    _put_in_front(app, house)
    return app


def _put_in_front(app: Flask, house: House) -> None:
    """What answers before the application does: kept pages, then files."""
    wsgi: WSGIApplication = app.wsgi_app
    hops = house.settings.trusted_proxies
    if hops:
        wsgi = ProxyFix(wsgi, x_for=hops, x_proto=hops, x_host=hops)
    # Every address of a file carries its fingerprint, so a year is not too long.
    wsgi = WhiteNoise(wsgi, root=_STATIC, prefix="static/", max_age=_YEAR)
    room = house.settings.page_cache_megabytes * 1_000_000
    app.wsgi_app = PageCache(wsgi, _newest(house.database), house.now, room)  # type: ignore[method-assign]


def _newest(database: Database) -> Newest:
    def of(scopes: Collection[str]) -> Mapping[str, Version]:
        with database.reading() as session:
            return versions(session, scopes)

    return Newest(NewestVersion(database), of)
