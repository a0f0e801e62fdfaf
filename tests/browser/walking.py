"""Every kind of page of a running studio, found by following links as several people do."""

import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, build_opener

from django.urls import Resolver404, resolve

LINK = re.compile(r'<a [^>]*?href="([^"#]+)')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
# As many pages of one kind are opened in search of other kinds.
OF_ONE_KIND = 6


class Walker:
    """One person's way through the pages. `found` maps the name of an address to the first address of that name."""

    def __init__(self, base: str, person: str) -> None:
        self.base, self.person = base, person
        self.opener: OpenerDirector = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
        self.found: dict[str, str] = {}
        self._sign_in()

    def walk(self, *starts: str) -> "Walker":
        seen, opened = set(starts), dict[str, int]()
        ways = deque(starts)
        while ways:
            address = ways.popleft()
            name = kind_of(address)
            if name is None or opened.get(name, 0) >= OF_ONE_KIND:
                continue
            opened[name] = opened.get(name, 0) + 1
            page = self.page(address)
            if page is None:
                continue
            self.found.setdefault(name, address)
            fresh = [link for link in _links(address, page) if link not in seen]
            seen |= set(fresh)
            ways.extend(fresh)
        return self

    def send(self, page: str, to: str = "", **typed: str) -> str:
        """Fill in the form of a page and send it (to another address); the path where that ends."""
        token = TOKEN.search(self.page(page) or "")
        assert token, page
        body = urlencode({**typed, "csrfmiddlewaretoken": token[1]}).encode()
        with self.opener.open(self.base + (to or page), body, timeout=60) as answer:
            return urlsplit(answer.url).path

    def read(self, address: str) -> str:
        return self.page(address) or ""

    def page(self, address: str) -> str | None:
        """What stands there; None where it is no page of its own."""
        try:
            with self.opener.open(self.base + address, timeout=60) as answer:
                is_page = "text/html" in answer.headers.get("Content-Type", "")
                return answer.read().decode() if is_page and urlsplit(answer.url).path == urlsplit(address).path else None
        except HTTPError:
            return None

    def _sign_in(self) -> None:
        page = self.page("/sign-in/") or ""
        button = re.search(rf'<button class="person"[^>]*value="([^"]+)"[^>]*>(?:(?!</button>).)*{re.escape(self.person)}', page, re.DOTALL)
        assert button
        self.opener.addheaders = [("Referer", self.base)]
        self.send("/sign-in/", person=button[1])


def kind_of(address: str) -> str | None:
    """The name of an address, with the list it is about in the administration; None for what is none of ours."""
    try:
        match = resolve(urlsplit(address).path)
    except Resolver404:
        return None
    return match.view_name


def _links(address: str, page: str) -> Iterator[str]:
    for link in LINK.findall(page):
        whole = urlsplit(urljoin(address, unescape(link)))
        if not whole.netloc:
            yield whole.path + (f"?{whole.query}" if whole.query else "")
