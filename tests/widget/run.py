"""Run the widget's own tests: in node where there is one, else in the browser that the other tests use.

python -m tests.widget.run
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.bring_chromium import ARGUMENTS, find_chromium
from widget import SCRIPT

TESTS = sorted(Path(__file__).parent.glob("*.test.js"))

# As much of node's `test`, `assert`, `crypto` as the tests use.
SHIM = """
const results = []; const tests = []
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)
const check = (isTrue, ...about) => { if (!isTrue) throw new Error(about.map(one => JSON.stringify(one)).join(' is not ')) }
const assert = {equal: (one, other) => check(Object.is(one, other), one, other), deepEqual: (one, other) => check(same(one, other), one, other),
  ok: one => check(one, one), match: (text, pattern) => check(pattern.test(text), text, String(pattern))}
const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('')
const createHash = () => ({update: text => ({digest: () => DIGESTS[text]})})
const modules = {'node:test': {test: (name, run) => tests.push([name, run])}, 'node:assert/strict': assert,
  'node:crypto': {createHash, webcrypto: crypto}}
const DIGESTS = {}
"""
AFTERWARDS = """
async () => {
  const text = '• A “quote” — 😀'
  DIGESTS[text] = hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))
  for (const [name, run] of tests) {
    try { await run(); results.push([name, '']) } catch (error) { results.push([name, String(error)]) }
  }
  return results
}
"""


def run_in_node(node: str) -> int:
    return subprocess.run([node, "--test", *map(str, TESTS)], check=False).returncode


def run_in_browser() -> int:
    """The same tests on a blank page of this host, where `crypto.subtle` is to be had."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(ARGUMENTS))
        page = browser.new_page()
        page.route("**/*", lambda route: route.fulfill(body="<!doctype html>", content_type="text/html"))
        page.goto("http://127.0.0.1/")
        page.add_script_tag(content=SHIM)
        source = SCRIPT.read_text(encoding="utf-8")
        page.add_script_tag(
            content=f"{{const module = {{exports: {{}}}}; {source}\n; modules.widget = module.exports}}"
        )
        require = "name => modules[name] ?? modules.widget"
        for path in TESTS:
            body = path.read_text(encoding="utf-8")
            page.add_script_tag(content=f"(function (require) {{{body}}})({require})")
        results: list[tuple[str, str]] = page.evaluate(AFTERWARDS)
        browser.close()
    failed = [(name, error) for name, error in results if error]
    for name, error in failed:
        print(f"not ok: {name}: {error}", file=sys.stderr)
    print(json.dumps({"tests": len(results), "failed": len(failed)}))
    return int(bool(failed) or not results)


def main() -> int:
    node = shutil.which("node")
    return run_in_node(node) if node and "--browser" not in sys.argv else run_in_browser()


if __name__ == "__main__":
    sys.exit(main())
