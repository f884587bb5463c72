"""The `advocate` command, run as a user runs it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from index.builds.publish import Builds
from server.figures.reporting import as_markdown
from server.settings import Settings
from server.storage import Store

ROOT = Path(__file__).parent.parent.parent
DEV = Path(__file__).parent / "data" / "kneecare_dev.jsonl"
VALIDATION = DEV.with_name("kneecare_validation.jsonl")
PERSONAL = DEV.with_name("personal_knees.jsonl")
COMMITTED = ROOT / "server" / "docs" / "evaluation.json"  # advocate eval DEV --json > COMMITTED


def advocate(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "ADVOCATE_DATA_DIR": str(data_dir), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", "server.cli", *arguments]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


HEAVY = ("asyncio", "numpy", "onnxruntime", "pydantic", "sqlalchemy", "fastapi")


def test_help_is_there_before_anything_heavy_is_read():
    loaded = f"import sys, server.cli; print([one for one in {HEAVY} if one in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True).stdout == "[]\n"


def test_a_server_starts_without_what_only_postgresql_or_a_migration_needs():
    loaded = "import sys, server.web.app; print([one for one in ('psycopg', 'alembic', 'torch', 'scipy') if one in sys.modules])"
    assert subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True).stdout == "[]\n"


@pytest.fixture(scope="module")
def report(kneecare_data_dir):
    done = advocate(kneecare_data_dir, "eval", str(DEV), "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_development_questions_are_answered_safely_and_often(report):
    shares = {one["name"]: one["share"] for one in report["figures"]}
    assert shares["answer: a right quote"] >= 0.78
    assert shares["answer: wrong quotes among those shown"] <= 0.15
    assert shares["clinical: any quote shown"] <= 0.01
    assert shares["emergency: emergency reply"] >= 0.98
    assert shares["emergency reply on anything else"] <= 0.01
    assert shares["out_of_kb: quoted"] <= 0.04
    assert shares["human and other_language: handed over"] >= 0.98
    assert shares["boundary pairs: both right"] >= 0.80
    assert shares["dialogues: right"] >= 0.80


def test_the_committed_report_is_what_this_build_gives(report):
    committed = json.loads(COMMITTED.read_text())
    given = {one["name"]: one for one in report["figures"]}
    assert committed["questions"] == report["questions"]
    for one in committed["figures"]:
        # another processor may round a score that lies at a bar the other way
        assert abs(one["hits"] - given[one["name"]]["hits"]) <= 2, (one, given[one["name"]])


def test_the_readme_shows_the_committed_report():
    assert as_markdown(json.loads(COMMITTED.read_text())) in (ROOT / "README.md").read_text()


def test_people_talking_about_their_own_knees_are_not_quoted_to(kneecare_data_dir):
    done = advocate(kneecare_data_dir, "eval", str(PERSONAL), "--json")
    shares = {one["name"]: one["share"] for one in json.loads(done.stdout)["figures"]}
    assert shares["clinical: any quote shown"] <= 0.02
    # Somebody's own complaint goes to a person either way: there the card once too often costs little.
    assert shares["emergency reply on anything else"] <= 0.02


def test_no_question_that_is_reported_on_or_chooses_is_taught(report):
    lines = [line for path in (DEV, VALIDATION, PERSONAL) for line in path.read_text().splitlines()]
    clinics = [line for path in (ROOT / "tests" / "clinics").rglob("*.jsonl") for line in path.read_text().splitlines()]
    # Writers who know nothing of each other write the same few words now and then: "how do I book".
    texts = (json.loads(line).get("text", "") for line in [*lines, *clinics])
    asked = {folded(text) for text in texts if len(text.split()) > 6}
    taught = set()
    for path in (ROOT / "kb").rglob("*.jsonl"):
        for one in map(json.loads, path.read_text().splitlines()):
            taught |= {folded(text) for text in [one.get("text", ""), *one.get("phrasings", ())]}
    assert asked & taught == set()
    assert len(taught) > 7000 and report["questions"] == 445 and len(lines) == 1111 and len(clinics) > 2000


def folded(text: str) -> str:
    letters = text.casefold().replace("'", "").replace("’", "")
    return " ".join("".join(one if one.isalnum() else " " for one in letters).split())


def test_ask_prints_the_reply_as_json(kneecare_data_dir):
    done = advocate(kneecare_data_dir, "ask", "What if I hate needles?", "--json", "--trace")
    reply = json.loads(done.stdout)
    assert reply["label"] == "answer" and reply["handed_over"] is False
    assert reply["trace"]["candidates"][0]["score"] >= reply["trace"]["threshold"]


def test_history_is_given_one_message_at_a_time(kneecare_data_dir):
    done = advocate(
        kneecare_data_dir,
        "ask",
        "is that a problem for the injection?",
        "--history",
        "I take blood thinners.",
        "--json",
    )
    assert json.loads(done.stdout)["label"] == "clinical"


def test_a_batch_gets_a_reply_a_line_and_a_bad_line_a_handover(kneecare_data_dir, tmp_path):
    lines = [
        json.dumps({"id": 1, "text": "can I drive home after", "label": "ignored"}).encode(),
        b"{not json",
        json.dumps({"id": "x", "text": ""}).encode(),
        json.dumps({"id": 4, "text": "a" * 4001}).encode(),
        b'{"id": 5, "text": "I have crushing chest pain \xff"}',
        json.dumps({"id": 6, "text": "what\u2028is a trigger point", "history": "no list"}).encode(),
        json.dumps({"id": 7, "text": "\ud800 is it safe"}).encode(),
        b"[]",
        json.dumps({"id": 9, "text": "what \u2028 is a trigger point"}, ensure_ascii=False).encode(),
        json.dumps({"id": "\ud800", "text": "hello"}).encode(),
    ]
    batch, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    batch.write_bytes(b"\n".join(lines) + b"\n")
    done = advocate(kneecare_data_dir, "ask", "--batch", str(batch), "--out", str(out))
    assert done.returncode == 0, done.stderr
    replies = [json.loads(line) for line in out.read_text(encoding="utf-8").split("\n")[:-1]]
    assert len(replies) == len(lines)
    assert [reply["id"] for reply in replies] == [1, None, "x", 4, 5, 6, 7, None, 9, "\N{REPLACEMENT CHARACTER}"]
    assert ["error" in reply for reply in replies] == [False, True, True, True, False, True, False, True, False, False]
    assert all(reply["outcome"] == "handover" and not reply["quotes"] for reply in replies if "error" in reply)
    assert replies[4]["label"] == "emergency" and replies[8]["label"] == "answer"


def test_a_folder_is_built_without_a_database_and_answers(kneecare_data_dir, tmp_path):
    source, out = tmp_path / "from", tmp_path / "build"
    source.mkdir()
    rows = ["question,answer,id,url", "Can I return a mattress?,Yes. Within 30 days.,r1,https://shop.example/returns"]
    (source / "faq.csv").write_text("\n".join(rows))
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    (data_dir / "models").symlink_to((kneecare_data_dir / "models").resolve())
    done = advocate(data_dir, "build", "--from", str(source), "--out", str(out))
    assert done.returncode == 0, done.stderr
    build_id = done.stdout.splitlines()[-1]
    assert json.loads((out / "manifest.json").read_text())["build"] == build_id
    assert not (data_dir / "advocate.db").exists()
    reply = json.loads(advocate(data_dir, "ask", "can I return a mattress?", "--build", str(out), "--json").stdout)
    assert reply["build"] == build_id
    assert [quote["faq"] for quote in reply["quotes"]] == ["r1"]
    assert reply["quotes"][0]["source"]["url"] == "https://shop.example/returns"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("build", "--from", "nowhere", "--out", "x"), "no such folder"),
        (("build", "--site", "elsewhere"), "has no pages"),
        (("ask", "hello", "--build", "nowhere"), "no readable manifest"),
        (("eval", "nowhere.jsonl"), "cannot be read"),
        (("publish", "abc"), "names 0 builds"),
        (("import", "page.txt", "--site", "elsewhere"), "no site 'elsewhere'"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(kneecare_data_dir, arguments, words):
    done = advocate(kneecare_data_dir, *arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr


def test_a_wrong_setting_is_named(kneecare_data_dir, monkeypatch):
    monkeypatch.setenv("ADVOCATE_PORT", "many")
    done = advocate(kneecare_data_dir, "doctor")
    assert done.returncode == 2 and "ADVOCATE_PORT" in done.stderr


def test_doctor_finds_no_fault_in_a_fresh_installation_and_one_in_a_damaged(copy_of_kneecare):
    done = advocate(copy_of_kneecare, "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "not set" in done.stdout and "FAULT" not in done.stdout
    for path in (copy_of_kneecare / "sites").rglob("units.faiss"):
        path.write_bytes(b"")
    done = advocate(copy_of_kneecare, "doctor")
    assert done.returncode == 1 and "FAULT" in done.stdout
    assert advocate(copy_of_kneecare, "verify").returncode == 1


def test_publishing_asks_the_build_the_golden_questions(copy_of_kneecare):
    build = Builds.of(copy_of_kneecare, "kneecare").current() or "none"
    give_golden(
        copy_of_kneecare, {"text": "What if I hate needles?", "label": "answer", "gold": ["3 different agents"]}
    )
    done = advocate(copy_of_kneecare, "publish", build)
    assert (done.returncode, done.stdout) == (0, f"{build}\n"), done.stderr
    give_golden(copy_of_kneecare, {"text": "What does parking cost?", "label": "answer", "gold": ["free"]})
    done = advocate(copy_of_kneecare, "publish", build)
    assert done.returncode == 2 and "“What does parking cost?”" in done.stderr and "--anyway" in done.stderr
    assert advocate(copy_of_kneecare, "publish", build, "--anyway", "next week").stdout == f"{build}\n"


def give_golden(data_dir: Path, *questions: dict[str, object]) -> None:
    async def save() -> None:
        store = await Store.open(Settings(data_dir=data_dir).database)
        await store.content.save("kneecare", "golden", list(questions), author="test", reason="test")
        await store.close()

    asyncio.run(save())


def test_a_site_is_exported_as_a_folder_that_builds_the_same(copy_of_kneecare, tmp_path):
    assert advocate(copy_of_kneecare, "export", str(tmp_path / "out")).returncode == 0
    from kb.content import load_content
    from kb.sites import SITES, load_site

    assert load_site(tmp_path / "out") == load_site(SITES / "kneecare")
    exported, seeded = load_content(tmp_path / "out"), load_content(SITES / "kneecare")
    assert exported.pages == seeded.pages
    assert exported.phrasings == seeded.phrasings and exported.examples == seeded.examples


def test_a_user_is_added_from_a_password_file(copy_of_kneecare, tmp_path):
    (tmp_path / "password").write_text("a long enough password\n")
    arguments = ("user", "add", "ann@clinic.example", "--role", "editor", "--password-file", str(tmp_path / "password"))
    assert "ann@clinic.example added as editor" in advocate(copy_of_kneecare, *arguments).stdout
    assert advocate(copy_of_kneecare, *arguments).returncode == 2  # the address is taken
