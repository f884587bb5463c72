"""Reads and writes a page as Markdown with front matter, the form in which pages are kept in folders.

A trailing `{#p-1a2b .risk}` gives a block its passage id and tags; `{.faq}` after a heading makes it a question and
what follows its answer, up to the block that carries the id, else to the next heading. Inline marks (bold, links) are
dropped: the stored text is what a visitor reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import frontmatter
import yaml
from markdown_it import MarkdownIt
from markdown_it.token import Token

from kb.errors import AdvocateError
from kb.pages import Heading, Page, Passage, PassageKind
from kb.shaping.blocks import Block, list_block, list_text
from kb.shaping.layout import assemble
from kb.shaping.notes import put_notes, take_notes
from kb.shaping.tables import table_blocks
from kb.shaping.words import is_label, is_question, is_sign, section_of

PAGE_SUFFIXES = frozenset({".md", ".markdown"})

_MARKS = re.compile(r"(?<!\\)\{(?P<marks>(?:\s*(?:[#.][\w.~%-]+|(?:faq|url|under|from|until)=[^\s{}]+))+)\s*\}\s*$")
_FAQ_SECTION = re.compile(
    r"^(?:faqs?|frequently asked questions|common questions|questions and answers)$", re.IGNORECASE
)
_LIST_LINE = re.compile(r"  (?:(?P<bullet>•)|(?P<number>\d+)\.) (?P<text>.*)")
_SUMMARY = re.compile(r"<summary[^>]*>(.*?)</summary>", re.IGNORECASE | re.DOTALL)
# Lines that begin so stay lines: Q:, A:, a definition, a bullet typed as one.
_OWN_LINE = re.compile(r"(?:[QA]|Question|Answer)\s*\d*\s*[:.]\s|: |[•●▪◦■□‣]\s")
# Where a line ends though Markdown goes on; a private character until then.
_BREAK = "\ue002"
_GAP = "\ue003"  # where struck words stood between two spaces
_GAPS = re.compile(f"{_GAP} *")
_BREAKS = re.compile(f" *{_BREAK}[ {_BREAK}]*\n?")
_STRUCK_HTML = re.compile(r"<(/?)(?:del|s|strike)\b", re.IGNORECASE)
# Signs that an editor writes by name, and shows as signs.
_SIGNS_BY_NAME = {
    ":x:": "❌",
    ":no_entry:": "⛔",
    ":no_entry_sign:": "🚫",
    ":warning:": "⚠",
    ":white_check_mark:": "✅",
}
_SIGNS_BY_NAME |= {":heavy_check_mark:": "✔", ":heavy_multiplication_x:": "✖", ":ballot_box_with_check:": "☑"}
_SHORT_SIGNS = re.compile("|".join(map(re.escape, _SIGNS_BY_NAME)), re.IGNORECASE)
_BEFORE_SHORT_SIGN = re.compile(rf"(?<!\\)(?={_SHORT_SIGNS.pattern})", re.IGNORECASE)
# A box of wikis: “> [!WARNING]”, or “:::” around it.
_BOX_TITLE = re.compile(r"^(> *)\[!(\w+)\][-+]?[ \t]*(.*)$", re.MULTILINE)
_FENCE = re.compile(r"^:::+[ \t]*(\w+)?[ \t]*(.*)$", re.MULTILINE)
_PARSER = (
    MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("text_join")
)  # what is escaped stays apart


class PageError(AdvocateError):
    """A page file that cannot be read: which file and line, what was expected, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Front:
    """What a page's front matter says of it."""

    title: str = ""
    url: str = ""
    reviewed: str | None = None
    tags: frozenset[str] = frozenset()
    left_out: tuple[str, ...] = ()
    owner: str = ""


def parse_markdown(source: str, *, page_id: str, where: str) -> Page:
    """The page a Markdown file describes. Raises PageError naming `where`."""
    front, body = parse_front(source, where)
    try:
        blocks, left_out = parse_blocks(body)
    except PageError as error:
        raise PageError(f"{where}: {error}") from error
    return assemble(
        blocks,
        page_id=page_id,
        title=front.title or _title_of(blocks) or page_id,
        url=front.url,
        reviewed=front.reviewed,
        left_out=[*front.left_out, *left_out],
        tags=front.tags,
        owner=front.owner,
    )


def parse_front(source: str, where: str) -> tuple[Front, str]:
    """The front matter of a page file, and the text below it. Raises PageError naming `where`."""
    try:
        post = frontmatter.loads(source)
    except yaml.YAMLError as error:
        raise PageError(f"{where}: the front matter between the --- lines is not YAML: {error}") from error
    front = dict(post.metadata)
    return Front(
        title=str(front.get("title") or ""),
        url=str(front.get("url") or ""),
        reviewed=_reviewed(front.get("reviewed"), where),
        tags=frozenset(_texts(front.get("tags"), "tags", "[risk, aftercare]", where)),
        left_out=tuple(_texts(front.get("left_out"), "left_out", "[Contact us]", where)),
        owner=" ".join(str(front.get("owner") or "").split()),
    ), str(post.content)


def parse_blocks(body: str) -> tuple[list[Block], list[str]]:
    """The blocks of a Markdown text, and what of it is left out: struck words, and words in raw HTML.

    Raises PageError for days between which nothing can hold.
    """
    text, notes = take_notes(_with_titled_boxes(body))
    tokens = _PARSER.parse(text)
    html = [_bare(_SUMMARY.sub(" ", one.content)) for one in tokens if one.type == "html_block"]
    html = [words for words in html if not _leads(words)]
    blocks = _with_answers(_with_own_marks(_plain_blocks(tokens)))
    left_out = [f"raw HTML: {words}" for words in html if words]
    left_out += [f"struck out: {words}" for one in tokens for words in _struck(one)]
    return [put_notes(one, notes) for one in blocks], left_out


def _with_titled_boxes(body: str) -> str:
    """The text with the titles of its boxes as bold lines: what is shown above a box, else the name of its kind."""
    quoted = _BOX_TITLE.sub(lambda found: f"{found[1]}**{found[3] or found[2].title()}**\n{found[1]}", body)
    return _FENCE.sub(lambda found: f"\n**{found[2] or found[1].title()}**\n" if found[1] else "\n---\n", quoted)


def _leads(words: str) -> bool:
    """Whether words in raw HTML label what stands below them."""
    return is_label(words) or words.endswith(":")


def _bare(html: str) -> str:
    return " ".join(re.sub(r"<!--.*?-->|<[^>]*>", " ", html, flags=re.DOTALL).split())


def _strikes(child: Token) -> int:
    """1 where struck words begin, in Markdown or in HTML, -1 where they end."""
    if child.type == "html_inline" and (found := _STRUCK_HTML.match(child.content)):
        return -1 if found[1] else 1
    return {"s_open": 1, "s_close": -1}.get(child.type, 0)


def _struck(inline: Token) -> Iterator[str]:
    depth, words = 0, ""
    for child in inline.children or []:
        depth = max(0, depth + _strikes(child))
        words += child.content if depth and child.type != "html_inline" else ""
        if not depth and words:
            yield words
            words = ""


def read_text(path: Path) -> str:
    """The text of a page file. Raises PageError when it cannot be read as UTF-8."""
    try:
        return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        raise PageError(
            f"{path}: not UTF-8 text (byte {error.start}). Save it as UTF-8, or import it first."
        ) from error
    except OSError as error:
        raise PageError(f"{path}: cannot be read ({error.strerror}). Check the file and its permissions.") from error


def load_page(path: Path, page_id: str | None = None) -> Page:
    """Read one Markdown page; its id is the file's name. Raises PageError when it is unreadable or says nothing."""
    return with_passages(parse_markdown(read_text(path), page_id=page_id or path.stem, where=str(path)), path)


def with_passages(page: Page, path: Path) -> Page:
    """The page, if anything of it can be quoted. Raises PageError."""
    if not page.passages:
        raise PageError(f"{path}: no passage found. A page needs at least one paragraph, list or answer.")
    return page


def render_markdown(page: Page) -> str:
    """The Markdown that `parse_markdown` reads back as the same page: same text, offsets, ids and tags."""
    front = {"title": page.title, "url": page.url, "reviewed": page.reviewed, "left_out": list(page.left_out)}
    front |= {"owner": page.owner} if page.owner else {}
    head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=1000)
    return f"---\n{head}---\n\n" + "\n\n".join(_rendered_blocks(page)) + "\n"


def _rendered_blocks(page: Page) -> Iterator[str]:
    questions = {page.text.rfind("\n\n", 0, one.start) for one in page.passages if one.kind is PassageKind.FAQ}
    in_faq_section = False
    path: list[tuple[int, str]] = []
    blocks: list[Heading | Passage] = [*page.headings, *page.passages]
    blocks.sort(key=lambda one: one.start)
    for at, one in enumerate(blocks):
        text = page.text[one.start : one.end]
        is_question_of = isinstance(one, Heading) and one.end in questions
        following = next((later for later in blocks[at:] if isinstance(later, Passage)), None)
        if isinstance(one, Passage):
            has_question = one.kind is PassageKind.FAQ and bool(at) and isinstance(blocks[at - 1], Heading)
            under = None if has_question else _under(path, section_of(page, one))
            path = [above for above in path if under is None or above[0] <= under]
            yield _rendered_passage(text, one, under)
            continue
        path_after = section_of(page, following) if following else ()
        open_path = path if is_question_of else [above for above in path if above[0] < one.level]
        place = path_after if is_question_of else _place_of(text, open_path, path_after)
        under = _under(open_path, place) if place is not None else None
        path = [above for above in open_path if under is None or above[0] <= under]
        if not is_question_of and (one.level > 1 or text != page.title):
            path.append((one.level, text))
        if one.level <= 2:
            in_faq_section = bool(_FAQ_SECTION.match(text))
        is_like_one = in_faq_section and text.endswith("?")
        marks = [".faq"] if is_question_of else [".plain"] if is_like_one else []
        marks += [f"under={under}"] if under is not None else []
        yield f"{'#' * min(one.level, 6)} {_exactly(text)}{' {' + ' '.join(marks) + '}' if marks else ''}"


def _place_of(heading: str, path: Sequence[tuple[int, str]], below: tuple[str, ...]) -> tuple[str, ...] | None:
    """The headings above this one, by those of the passage below it; None when that one stands under other headings."""
    names = tuple(words for _, words in path)
    depths = (at for at in range(len(below) - 1, -1, -1) if below[at] == heading and names[:at] == below[:at])
    return next((below[:at] for at in depths), None)


def _under(path: Sequence[tuple[int, str]], wanted: tuple[str, ...]) -> int | None:
    """The level up to which the headings above count for what has left their box; None where all of them do."""
    names = tuple(words for _, words in path)
    if names == wanted or names[: len(wanted)] != wanted:
        return None
    return path[len(wanted) - 1][0] if wanted else 0


def _rendered_passage(text: str, passage: Passage, under: int | None) -> str:
    """A passage as easy to read as it goes: what would not be read back as it was is written character by character."""
    marks = " ".join([*_marks_of(passage), *([] if under is None else [f"under={under}"])])
    for rendered in (_as_it_reads(text, marks), f"{_exactly(text)} {{{marks}}}"):
        blocks, _ = parse_blocks(f"# Q {{.faq}}\n\n{rendered}" if passage.kind is PassageKind.FAQ else rendered)
        again = assemble([Block("heading", "T", level=1), *blocks], page_id="p", title="T", url="")
        if [(again.text_of(one), one.kind, one.passage_id) for one in again.passages] == [
            (text, passage.kind, passage.passage_id)
        ]:
            return rendered
    return rendered


def _marks_of(passage: Passage) -> Iterator[str]:
    yield f"#{_percent(passage.passage_id)}"
    yield from (f".{_percent(tag)}" for tag in sorted(passage.tags) or ["plain"])
    if passage.faq is not None:
        yield f"faq={_percent(passage.faq)}"
    if passage.url is not None:
        yield f"url={quote(passage.url, safe=':/?&=#~.-_%')}"
    if passage.effective is not None:
        yield f"from={passage.effective}"
    if passage.expires is not None:
        yield f"until={passage.expires}"


def _percent(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else quote(name, safe="")


def _as_it_reads(text: str, marks: str) -> str:
    """Paragraphs and lists with the marks at the end, below a list on a line of their own."""
    pieces = []
    for piece in text.split("\n\n"):
        found = [_LIST_LINE.fullmatch(line) for line in piece.split("\n")]
        if all(found):
            pieces.append(
                "\n".join(
                    f"{'-' if one['bullet'] else one['number'] + '.'} {_escaped(one['text'])}" for one in found if one
                )
            )
        else:
            pieces.append("\\\n".join(_escaped(line) for line in piece.split("\n")))
    return "\n\n".join(pieces) + ("\n\n" if all(found) else " ") + f"{{{marks}}}"


def _exactly(text: str) -> str:
    """Text on one line of Markdown with every character kept: line ends and white space that would be lost too."""
    pieces = re.split(r"(^\s+|\s+$|\s*\n\s*|[^\S ]+)", text)
    return "".join(
        "".join(f"&#{ord(one)};" for one in piece) if number % 2 else _escaped(piece)
        for number, piece in enumerate(pieces)
    )


def _escaped(line: str) -> str:
    """A line of text in which no character means anything to Markdown."""
    line = re.sub(r"([\\`*~\[\]<>{]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)|#(?=#*\s*$))", r"\\\1", line)
    line = re.sub(r"^([#+=~|:-])", r"\\\1", line)
    line = re.sub(r"^(\d{1,9})([.)])(?=\s|$)", r"\1\\\2", line)
    return _BEFORE_SHORT_SIGN.sub(r"\\", line)


def _with_answers(blocks: Iterator[Block]) -> Iterator[Block]:
    pending: Block | None = None  # a question whose answer is still being read
    in_faq_section = False
    for block in blocks:
        if block.kind == "heading":
            if pending is not None:
                yield pending
                pending = None
            if block.level <= 2:
                in_faq_section = bool(_FAQ_SECTION.match(block.text))
            is_plain = block.tags is not None and "faq" not in block.tags
            if "faq" in (block.tags or ()) or (in_faq_section and block.text.endswith("?") and not is_plain):
                pending = Block("faq", "", question=block.text, level=block.level, under=block.under)
                continue
        if pending is None:
            yield block
            continue
        pending = _with_answer(pending, block)
        if block.passage_id:
            yield pending
            pending = None
    if pending is not None:
        yield pending


def _with_answer(pending: Block, block: Block) -> Block:
    text = block.text if block.kind == "paragraph" else list_text(block.items, block.first)
    tags = block.tags if pending.tags is None else pending.tags | (block.tags or frozenset())
    return replace(
        pending,
        text=f"{pending.text}\n\n{text}" if pending.text else text,
        passage_id=block.passage_id or pending.passage_id,
        tags=tags,
        faq=block.faq or pending.faq,
        url=block.url or pending.url,
        effective=block.effective or pending.effective,
        expires=block.expires or pending.expires,
    )


def _plain_blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    """Headings, paragraphs, lists and tables, each with its own marks; a summary of a fold is a bold line."""
    position = 0
    under: int | None = None
    level = 1
    ends_at_line = False  # the last heading is a label, which colours nothing below a line across
    for_fold: list[int] = []  # levels of the headings that open folds stand under
    for_quote: list[int] = []  # and open quotes
    is_titled = False  # the open quote holds a title
    while position < len(tokens):
        token = tokens[position]
        found: list[Block] = []
        if token.type in {"bullet_list_open", "ordered_list_open", "table_open"}:
            end = _end_of(tokens, position)
            found = _table_of(tokens[position:end]) if token.type == "table_open" else _list_of(tokens[position:end])
            position = end
        elif token.type == "inline" and tokens[position - 1].type == "heading_open":
            level = int(tokens[position - 1].tag[1])
            found = [_marked(Block("heading", level=level), token)]
            ends_at_line = is_label(found[0].text)
        elif token.type == "blockquote_open":
            for_quote.append(level)
        elif token.type == "blockquote_close":
            level = for_quote.pop()
            under = level if is_titled else under
            is_titled = False
        elif token.type == "hr" and ends_at_line:
            under = level - 1
        elif token.type == "inline":
            found = list(_paragraphs_of(token))
        elif token.type in {"code_block", "fence"}:
            found = [Block("paragraph", token.content.strip("\n"))]
        elif token.type == "html_block":
            if _leads(words := _bare(_SUMMARY.sub(" ", token.content))):
                found = [Block("paragraph", words)]
            if summary := _SUMMARY.search(token.content):
                found = [Block("paragraph", _bare(summary[1]), is_strong=True)]
                for_fold.append(level)
            if "</details" in token.content.lower() and for_fold:
                under = for_fold.pop()
        if found and under is not None and found[0].under is None:
            found[0] = replace(found[0], under=under)
        under = None if found else under
        is_titled = is_titled or (bool(for_quote) and any(one.is_strong or one.kind == "heading" for one in found))
        yield from found
        position += 1


def _paragraphs_of(inline: Token) -> Iterator[Block]:
    """A paragraph; a term with its definitions below it is a bold line with paragraphs."""
    block = _marked(Block("paragraph", is_strong=_is_strong(inline)), inline)
    term, *lines = block.text.split("\n")
    if block.passage_id or not lines or not all(line.startswith(": ") for line in lines):
        yield block
        return
    yield Block("paragraph", term, is_strong=True)
    yield from (replace(block, text=line[2:].strip(), is_strong=False) for line in lines)


def _is_strong(inline: Token) -> bool:
    """Whether a line is bold from its first word to its last."""
    return _opens_bold(inline.children or [])


def _end_of(tokens: Sequence[Token], position: int) -> int:
    """The position of the token that closes the one at `position`."""
    depth = 0
    for end in range(position, len(tokens)):
        depth += tokens[end].nesting
        if depth == 0:
            return end
    return len(tokens) - 1


def _list_of(tokens: Sequence[Token]) -> list[Block]:
    """A list as blocks: an item for each list item; what stands inside one is joined by spaces.

    Items that are each a question with its answer below it are pairs.
    """
    items: list[list[str]] = []
    numbers: list[int | None] = []
    depths: list[int] = []
    counts: list[int | None] = []  # of the open lists: the next number, None for bullets
    for token in tokens:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            start = int(token.attrGet("start") or 1)
            counts.append(start if token.type == "ordered_list_open" and token.attrGet("start") != 0 else None)
        elif token.type.endswith("_list_close"):
            counts.pop()
        elif token.type == "list_item_open":
            items.append([])
            numbers.append(counts[-1])
            counts[-1] = None if counts[-1] is None else counts[-1] + 1
            depths.append(len(counts))
        elif token.type == "inline" and items:
            question, _, answer = _plain(token).partition("\n")
            is_pair = bool(answer) and not items[-1] and is_question(question)
            items[-1] += [question, answer] if is_pair else [f"{question} {answer}".strip().replace("\n", " ")]
        elif token.type in {"code_block", "fence"} and items:
            items[-1].append(" ".join(token.content.split()))
    if items and all(len(item) > 1 and is_question(item[0]) for item in items):
        return [Block("faq", "\n\n".join(item[1:]), question=item[0]) for item in items]
    texts = [" ".join(filter(None, item)) for item in items]
    marked = list(zip(numbers, texts, strict=True))
    starts = [at for at, depth in enumerate(depths) if depth == 1]
    ends = [*starts[1:], len(marked)]
    if all(end - at > 1 and is_label(texts[at]) for at, end in zip(starts, ends, strict=True)):
        return [
            block
            for at, end in zip(starts, ends, strict=True)
            for block in (Block("paragraph", texts[at]), list_block(marked[at + 1 : end]))
        ]
    return [list_block(marked)]


def _table_of(tokens: Sequence[Token]) -> list[Block]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append(_plain(token))
    return table_blocks(rows)


def _with_own_marks(blocks: Iterator[Block]) -> Iterator[Block]:
    """Marks that stand alone belong to the list before them."""
    last: Block | None = None
    for block in blocks:
        is_marked = block.tags is not None or bool(block.effective or block.expires)
        has_marks_only = block.kind == "paragraph" and not block.text and is_marked
        if has_marks_only and last is not None and last.kind == "list":
            last = replace(
                last,
                passage_id=block.passage_id,
                tags=block.tags,
                faq=block.faq,
                url=block.url,
                under=block.under,
                effective=block.effective,
                expires=block.expires,
            )
            continue
        if last is not None:
            yield last
        last = block
    if last is not None:
        yield last


def _marked(block: Block, inline: Token) -> Block:
    """The block with the text of an inline token, and with the id and tags of the marks at its end."""
    marks = _MARKS.search(inline.content)
    if marks is None:
        return replace(block, text=_plain(inline))
    names = marks["marks"].split()
    values = {name.partition("=")[0]: unquote(name.partition("=")[2]) for name in names if name[0] not in "#."}
    tags = frozenset(unquote(name[1:]) for name in names if name.startswith(".")) - {"plain"}
    effective, expires = _days(values)
    content = inline.content[: marks.start()]
    text = _plain(_PARSER.parseInline(content[:-1] if content.endswith(" ") else content)[0])
    return replace(
        block,
        text=text,
        passage_id=next((unquote(name[1:]) for name in names if name.startswith("#")), None),
        tags=tags if any(not name.startswith(("under=", "from=", "until=")) for name in names) else block.tags,
        faq=values.get("faq"),
        url=values.get("url"),
        under=int(values["under"]) if values.get("under", "").isdigit() else None,
        effective=effective,
        expires=expires,
    )


def _days(values: Mapping[str, str]) -> tuple[str | None, str | None]:
    """The days from and until which a block holds, as its marks give them. Raises PageError."""
    found: list[str | None] = []
    for name in ("from", "until"):
        value = values.get(name)
        try:
            found.append(date.fromisoformat(value).isoformat() if value else None)
        except ValueError as error:
            raise PageError(f"`{name}` should be a date such as {name}=2026-01-31; found {value!r}") from error
    effective, expires = found
    if effective and expires and expires < effective:
        raise PageError(f"nothing can hold from {effective} until {expires}. Write the later day after `until`.")
    return effective, expires


def _plain(inline: Token) -> str:
    """What a visitor reads of it: no marks, no pictures, no struck words; a forced line end is one.

    A bold question that opens a paragraph is a line of its own, and so is one that begins like a question, an answer,
    a definition or a bullet.
    """
    parts: list[str] = []
    children = inline.children or []
    struck = 0
    for position, child in enumerate(children):
        struck = max(0, struck + _strikes(child))
        if struck:
            continue
        if _strikes(child) < 0 and parts and parts[-1].endswith(" "):
            parts[-1] = parts[-1].rstrip(" ") + _GAP
        elif child.type == "text_special":
            parts.append(child.content)
        elif child.type in {"text", "code_inline"} or (child.type == "image" and is_sign(child.content)):
            parts.append(_SHORT_SIGNS.sub(_sign_by_name, child.content))
        elif child.type == "html_inline" and is_sign(words := _words_of_picture(child.content)):
            parts.append(words)
        elif child.type == "softbreak":
            following = children[position + 1].content if position + 1 < len(children) else ""
            parts.append(_BREAK if _OWN_LINE.match(following) or _opens_bold(children[:position]) else " ")
        elif child.type == "hardbreak" or (child.type == "html_inline" and child.content.startswith("<br")):
            parts.append("\n")
        elif child.type == "strong_close" and _opens_bold(children[: position + 1]) and is_question("".join(parts)):
            parts.append(_BREAK if any(one.content.strip() for one in children[position:]) else "")
    text = _GAPS.sub(" ", _BREAKS.sub("\n", "".join(parts))).rstrip(_GAP)
    return text.strip(" ") if any(child.type in {"html_inline", "s_close"} for child in children) else text


def _sign_by_name(found: re.Match[str]) -> str:
    return _SIGNS_BY_NAME[found[0].casefold()]


def _words_of_picture(html: str) -> str:
    found = re.match(r"""<img\b[^>]*\balt=["']([^"']*)["']""", html, re.IGNORECASE)
    return found[1].strip() if found else ""


def _opens_bold(children: Sequence[Token]) -> bool:
    """Whether these are one bold run at the start of a paragraph."""
    full = [one for one in children if one.content.strip() or one.nesting]
    return (
        len(full) > 1
        and (full[0].type, full[-1].type) == ("strong_open", "strong_close")
        and sum(one.type == "strong_open" for one in full) == 1
    )


def _title_of(blocks: Sequence[Block]) -> str | None:
    headings = [one for one in blocks if one.kind == "heading"]
    return next((one.text for one in sorted(headings, key=lambda one: one.level > 1)), None)


def _texts(value: Any, name: str, example: str, where: str) -> list[str]:
    if value is not None and not isinstance(value, list):
        raise PageError(f"{where}: `{name}` should be a list such as {example}; found {value!r}")
    return [str(one) for one in value or []]


def _reviewed(value: Any, where: str) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, date):
        return value.isoformat()
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError as error:
        raise PageError(f"{where}: `reviewed` should be a date such as 2026-01-31; found {value!r}") from error
