"""Nobody is sent to another site by an address that came along with a link."""

import pytest

from newsletter.domain.own_paths import MAX_PATH, own_path


@pytest.mark.parametrize("path", ["/", "/account", "/p/رسالة?x=1#comments", "/p/a/comments/b#c-1"])
def test_a_path_of_our_own_is_kept(path: str) -> None:
    assert own_path(path, "/account") == path


@pytest.mark.parametrize(
    "text",
    [
        *("", "account", "https://evil.example/", "//evil.example", "///evil.example", "javascript:alert(1)"),
        *("/\\evil.example", "\\/evil.example", "/\tevil", "/a\r\nSet-Cookie: x", "/a\0", " /account"),
        *("/x//evil.example", "/" + "a" * MAX_PATH, "/\u202eevil"),
    ],
)
def test_anything_else_is_not(text: str) -> None:
    assert own_path(text, "/account") == "/account"
    assert own_path(text) == ""
