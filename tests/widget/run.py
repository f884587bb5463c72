"""Run the widget's own tests: in node where there is one, else in the browser that the other tests use.

python -m tests.widget.run
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Route, sync_playwright

from tests.browser.bring_chromium import ARGUMENTS, find_chromium

ROOT = Path(__file__).parents[2]
TESTS = sorted(Path(__file__).parent.glob("*.test.mjs"))

# As much of node's `test`, `assert`, `crypto` as the tests use.
SHIMS = {
    "node:test": "export const tests = []; export const test = (name, run) => tests.push([name, run])",
    "node:assert/strict": """
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other)
const check = (isTrue, ...about) => { if (!isTrue) throw new Error(about.map(one => JSON.stringify(one)).join(' is not ')) }
export default {equal: (one, other) => check(Object.is(one, other), one, other), deepEqual: (one, other) => check(same(one, other), one, other),
  ok: one => check(one, one)}
""",
    "node:crypto": """
const text = '• A “quote” — 😀'
const hex = bytes => Array.from(new Uint8Array(bytes), byte => byte.toString(16).padStart(2, '0')).join('')
const digests = {[text]: hex(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)))}
export const createHash = () => ({update: text => ({digest: () => digests[text]})})
export const webcrypto = crypto
""",
}
ADDRESSES = {name: f"/{name.replace(':', '/')}.mjs" for name in SHIMS}
BLANK = f"<!doctype html><script type='importmap'>{json.dumps({'imports': ADDRESSES})}</script>"
RUN_ALL = """
async paths => {
  const {tests} = await import('node:test')
  for (const path of paths) await import(path)
  const results = []
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
        page.route("**/*", give)
        page.goto("http://127.0.0.1/")
        paths = [f"/{path.relative_to(ROOT).as_posix()}" for path in TESTS]
        results: list[tuple[str, str]] = page.evaluate(RUN_ALL, paths)
        browser.close()
    failed = [(name, error) for name, error in results if error]
    for name, error in failed:
        print(f"not ok: {name}: {error}", file=sys.stderr)
    print(json.dumps({"tests": len(results), "failed": len(failed)}))
    return int(bool(failed) or not results)


def give(route: Route) -> None:
    """A blank page, a shim, or a module of the repository."""
    path = urlsplit(route.request.url).path
    shims = {ADDRESSES[name]: source for name, source in SHIMS.items()}
    if path == "/":
        route.fulfill(body=BLANK, content_type="text/html")
    elif path in shims:
        route.fulfill(body=shims[path], content_type="text/javascript")
    else:
        route.fulfill(path=ROOT / path.lstrip("/"), content_type="text/javascript")


def main() -> int:
    node = shutil.which("node")
    return run_in_node(node) if node and "--browser" not in sys.argv else run_in_browser()


if __name__ == "__main__":
    sys.exit(main())
