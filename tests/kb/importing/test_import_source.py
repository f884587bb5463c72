"""Importing each kind of file and an address, and refusing what cannot be imported."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from kb.importing import Imported, ImportFailed, convert, fetching, import_source, sources
from kb.pages import PassageKind
from tests.kb.importing.documents import docx, pdf
from tests.kb.importing.web.test_page import HONEYPOT, PAGE, faqpage


def texts(imported: Imported) -> list[str]:
    (page,) = imported.pages
    return [page.text_of(one) for one in page.passages]


def test_a_web_page_is_imported_with_everything_left_out_listed(tmp_path):
    (tmp_path / "Knee_Page.htm").write_bytes(PAGE.encode())
    imported = import_source(tmp_path / "Knee_Page.htm")
    (page,) = imported.pages
    assert (page.page_id, page.title, page.url, page.reviewed) == ("knee-page", "Knee pain", "https://k.org/knee", None)
    assert [one.heading for one in page.passages] == [(), *[("What to bring",)] * 3, *[("Hours",)] * 2]
    assert HONEYPOT not in page.text
    assert any(HONEYPOT in one for one in imported.left_out)
    assert imported.uncovered == ()


def test_the_share_of_words_that_can_be_quoted_counts_what_was_left_out(tmp_path):
    text = "<main><h1>Knee</h1><p>It is quick, and most of our patients drive home.</p></main>"
    (tmp_path / "whole.html").write_text(f"<body>{text}</body>")
    assert import_source(tmp_path / "whole.html").coverage.share == 1.0
    hidden = f'<div class="cookie-bar">We use cookies. {"And more cookies. " * 20}</div>'
    (tmp_path / "part.html").write_text(f"<body>{text}{hidden}</body>")
    part = import_source(tmp_path / "part.html")
    assert part.coverage.share < 0.2
    assert any(one.startswith("banner: We use cookies. And") for one in part.left_out)


def test_a_web_page_in_an_older_encoding_reads_right(tmp_path):
    (tmp_path / "a.html").write_bytes('<meta charset="windows-1252"><p>It’s a café.</p>'.encode("cp1252"))
    assert texts(import_source(tmp_path / "a.html", url="https://a.org")) == ["It’s a café."]


def test_a_word_document_keeps_headings_lists_and_what_introduces_them(tmp_path):
    paragraphs = [
        ("h1", "Knee Care"),
        ("p", "We numb it_first. Bring:"),
        ("li", "a card"),
        ("li", "shorts"),
        ("h2", "Parking"),
    ]
    (tmp_path / "care.docx").write_bytes(docx([*paragraphs, ("p", "Free &amp; near. 1 * 2 * 3.")]))
    imported = import_source(tmp_path / "care.docx", url="https://a.org")
    assert texts(imported) == ["We numb it_first.", "Bring:\n\n  • a card\n  • shorts", "Free & near. 1 * 2 * 3."]
    assert [one.heading for one in imported.pages[0].passages] == [(), (), ("Parking",)]
    assert (imported.pages[0].title, imported.uncovered) == ("Knee Care", ())


def test_a_pdf_is_read_with_its_broken_lines_joined(tmp_path):
    lines = ["Knee Care", "", "Trigger point injections are quick procedures that take"]
    (tmp_path / "care.pdf").write_bytes(pdf([*lines, "about 8-12 minutes in all."]))
    imported = import_source(tmp_path / "care.pdf")
    assert texts(imported) == ["Trigger point injections are quick procedures that take about 8-12 minutes in all."]
    assert imported.pages[0].title == "Knee Care"
    assert "compare the passages" in imported.warnings[0]


def test_markdown_and_text_are_imported(tmp_path):
    (tmp_path / "a.md").write_text("---\nurl: https://a.org\n---\n# Care\n\nText. {#p-1 .risk}\n")
    (tmp_path / "b.txt").write_text("Care\n\nText.\n")
    assert import_source(tmp_path / "a.md").pages[0].passages[0].passage_id == "p-1"
    assert import_source(tmp_path / "a.md").pages[0].url == "https://a.org"
    assert import_source(tmp_path / "a.md", url="https://b.org", page_id="x").pages[0].url == "https://b.org"
    assert texts(import_source(str(tmp_path / "b.txt"))) == ["Text."]


def test_rows_of_sheets_are_never_merged_and_sheets_never_share_ids(tmp_path):
    (tmp_path / "faq.csv").write_text("question,answer\nOpen?,Yes.\nOpen?,Yes.\n")
    rows = [
        {"question": "Open?", "answer": "Yes.", "url": "https://a.org/o"},
        {"id": 7, "question": "Far?", "answer": "No."},
    ]
    (tmp_path / "Visits.jsonl").write_text("\n".join(map(json.dumps, rows)))
    sheet, lines = import_source(tmp_path / "faq.csv"), import_source(tmp_path / "Visits.jsonl")
    assert [one.passage_id for one in sheet.pages[0].passages] == ["faq-1", "faq-2"]
    assert [(one.passage_id, one.faq, one.url) for one in lines.pages[0].passages] == [
        ("visits-1", "1", "https://a.org/o"),
        ("visits-7", "7", None),
    ]
    assert (sheet.merged, lines.pages[0].page_id) == (0, "visits")


def test_faqpage_data_is_imported_and_second_copies_merged(tmp_path):
    (tmp_path / "faq.json").write_text(
        json.dumps(faqpage(("Open?", "<p>Yes.</p>"), ("Open?", "Yes."), ("Far?", "No.")))
    )
    imported = import_source(tmp_path / "faq.json")
    assert (texts(imported), imported.merged) == (["Yes.", "No."], 1)
    assert {one.kind for one in imported.pages[0].passages} == {PassageKind.FAQ}


BAD_JSONL = b'{"question": "a?", "answer": "b"}\n{"question": "c?"}\n'


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.html", b"<body><nav>Home</nav></body>", "no text found"),
        ("a.html", "<meta charset=utf-8><p>café".encode("cp1252"), "not utf-8 text"),
        ("a.html", b"<meta charset=klingon><p>x", "not klingon text"),
        ("a.html", pdf(["x"]), "it is a PDF"),
        ("a.txt", b"caf\xe9", "not UTF-8"),
        ("a.txt", b"a\0b", "other data"),
        ("a.md", b"---\nreviewed: soon\n---\nx", "should be a date"),
        ("a.csv", b"question\na\n", "'answer'"),
        ("a.jsonl", BAD_JSONL, "line 2.*both"),
        ("a.jsonl", b"[1]\n", "line 1"),
        ("a.json", b"{}", "no FAQPage"),
        ("a.json", b"{", "not JSON"),
        ("a.docx", b"text", "it is no DOCX"),
        ("a.docx", b"PK\x03\x04 and nothing", "not a sound DOCX"),
        (
            "a.docx",
            docx([("p", "x")], before="<!DOCTYPE w [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
            "not a sound DOCX",
        ),
        ("a.pdf", b"text", "it is no PDF"),
        ("a.pdf", b"%PDF-1.4 and nothing", "a.pdf (could not be read|.*no text)"),
        ("a.pdf", pdf(["Secret"], is_locked=True), "password"),
        ("a.md", b" \n", "empty"),
        ("a.doc", b"x", "expected, found .doc"),
        ("page", b"x", "found no ending"),
        ("a.txt", b"x" * 2000, "at most"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_cannot_be_imported_is_refused_with_its_name_and_a_way_out(
    tmp_path, monkeypatch, name, data, message
):
    monkeypatch.setattr(sources, "MAX_BYTES", 1999)
    (tmp_path / name).write_bytes(data)
    with pytest.raises(ImportFailed, match=message) as refused:
        import_source(tmp_path / name)
    assert name in str(refused.value)


def test_a_page_that_takes_too_long_to_read_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(convert, "TIMEOUT_S", 0.01)
    (tmp_path / "a.html").write_text("<p>Text.</p>")
    with pytest.raises(ImportFailed, match=r"a\.html took longer than"):
        import_source(tmp_path / "a.html")


def test_a_folder_or_nothing_at_all_is_refused(tmp_path):
    with pytest.raises(ImportFailed, match="build --from"):
        import_source(tmp_path)
    with pytest.raises(ImportFailed, match="cannot be read"):
        import_source(tmp_path / "gone.md")


class _Clinic(BaseHTTPRequestHandler):
    """A clinic's site, with its bad days."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/faq")
        elif self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/passwd")
        elif self.path == "/gone":
            self.send_response(404)
        else:
            self.send_response(200)
            kind = {"/cut": "text/html", "/picture.png": "image/png"}.get(self.path, "text/plain; charset=utf-8")
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", "5000" if self.path == "/cut" else "12")
        self.end_headers()
        if self.path != "/gone":
            self.wfile.write(b"Care\n\nText.\n")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def clinic() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Clinic) as site:
        threading.Thread(target=site.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield f"http://127.0.0.1:{site.server_port}"
        site.shutdown()


def test_an_address_is_fetched_and_its_last_place_is_the_page_s(clinic):
    imported = import_source(f"{clinic}/moved", allow_private=True)
    assert (imported.pages[0].page_id, imported.pages[0].url, texts(imported)) == ("faq", f"{clinic}/faq", ["Text."])
    assert import_source(f"{clinic}/faq", url="https://a.org/f", allow_private=True).pages[0].url == "https://a.org/f"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/gone", "404"),
        ("/away", "cannot be fetched|302"),
        ("/cut", "bytes early"),
        ("/picture.png", "expected, found .png"),
    ],
)
def test_an_address_that_gives_no_page_is_refused(clinic, path, message):
    with pytest.raises(ImportFailed, match=message):
        import_source(f"{clinic}{path}", allow_private=True)


def test_a_page_that_is_too_large_is_refused(clinic, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 5)
    with pytest.raises(ImportFailed, match="larger than"):
        import_source(f"{clinic}/faq", allow_private=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433"])
def test_this_machine_is_never_asked(clinic, host):
    with pytest.raises(ImportFailed, match=r"private network|cannot be fetched"):
        import_source(f"http://{host}:{clinic.rpartition(':')[2]}/faq")


PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"]
PRIVATE += ["fd00::1", "fe80::1", "::ffff:10.0.0.1", "2002:7f00:1::"]


@pytest.mark.parametrize("address", PRIVATE)
def test_a_name_that_leads_to_a_private_network_is_refused_before_connecting(monkeypatch, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(family, socket.SOCK_STREAM, 6, "", (address, 80))])
    monkeypatch.setattr(socket, "create_connection", lambda *_: pytest.fail("connected"))
    with pytest.raises(ImportFailed, match="private network"):
        import_source("https://clinic.example/faq")


def test_a_redirect_into_a_private_network_is_refused(clinic, monkeypatch):
    checked = iter([True, False])
    monkeypatch.setattr(fetching, "_is_public", lambda _: next(checked))
    with pytest.raises(ImportFailed, match="private network"):
        import_source(f"{clinic}/moved")


def test_a_site_that_drips_is_cut_off(monkeypatch):
    monkeypatch.setattr(fetching, "_WHOLE_TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as slow:
        stop = threading.Event()

        def drip() -> None:
            connection, _ = slow.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
                while not stop.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=_until_cut_off, args=[drip], daemon=True)
        thread.start()
        with pytest.raises(ImportFailed, match="took longer"):
            import_source(f"http://127.0.0.1:{slow.getsockname()[1]}/", allow_private=True)
        stop.set()
        thread.join(2)


def _until_cut_off(drip) -> None:
    try:
        drip()
    except OSError:
        return
