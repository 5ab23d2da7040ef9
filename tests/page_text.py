"""The text of a page as readers of each language see it."""

from html.parser import HTMLParser


class Text(HTMLParser):
    """The text of each language, of the page without scripts and styles."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: dict[str, list[str]] = {"en": [], "zh-CN": []}
        self._open: list[str | None] = []
        self._skip = 0

    def handle_starttag(self, tag, attrs):
        self._skip += tag in ("script", "style")
        if tag in ("span", "button"):
            self._open.append(dict(attrs).get("lang"))

    def handle_endtag(self, tag):
        self._skip -= tag in ("script", "style")
        if tag in ("span", "button") and self._open:
            self._open.pop()

    def handle_data(self, text):
        language = next((part for part in reversed(self._open) if part), None)
        if language and not self._skip:
            self.texts[language].append(text.strip())
