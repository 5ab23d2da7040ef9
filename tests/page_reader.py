"""What a reader of a page of the project has before them: text by language, ids and links."""

from html.parser import HTMLParser

VOID = {"meta", "input", "br", "link", "img"}


class Reader(HTMLParser):
    """Text by language, ids, links within the page, and whether every element is closed in its turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.language: list[str | None] = [None]
        self.text: dict[str | None, list[str]] = {"en": [], "zh-CN": [], None: []}
        self.all = list[str]()
        self.ids, self.links, self.wrong = list[str](), list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if str(given.get("href", "")).startswith("#"):
            self.links.append(str(given["href"])[1:])
        if tag not in VOID:
            self.open.append(tag)
            own = given.get("lang") if tag in ("span", "text") else None
            self.language.append(own or self.language[-1])

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of SVG that closes itself."""

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)
        self.language.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open and self.open[-1] not in ("script", "style"):
            self.text[self.language[-1]].append(data.strip())
            self.all.append(data.strip().replace("\N{NO-BREAK SPACE}", " "))


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def text(html: str) -> str:
    """Everything that is read, in both languages, in its order."""
    return " ".join(read(html).all)
