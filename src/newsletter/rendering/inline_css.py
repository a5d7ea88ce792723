"""CSS into style attributes, because a tenth of mail programs throw the style block away.

premailer does the work; its defaults lose data, so every option here has a reason.
"""

import logging

from premailer import Premailer


def inline_css(html: str) -> str:
    """Inline the style blocks of a whole document; media queries stay behind in one block."""
    inliner = Premailer(
        html,
        # Stripping would also strip the media queries that stay, and phones and dark mode would lose.
        strip_important=False,
        keep_style_tags=False,
        remove_classes=False,
        # We make links absolute ourselves: premailer would turn "#note" into a link to the site.
        base_url=None,
        disable_link_rewrites=True,
        # Copies "calc(…)" and "auto" into attributes, where they mean nothing.
        disable_basic_attributes=["width", "height"],
        # Validation knows the CSS of 2010 and costs a third of the time.
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
        # A letter must never make us fetch something.
        allow_network=False,
        allow_loading_external_files=False,
    )
    return str(inliner.transform())
