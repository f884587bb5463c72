"""What the widget costs a clinic's page, measured as published widgets were: python -m tests.bench.widget

Weight as it is served; Chromium's ScriptDuration 2.5 s after load, beside the same page without the script; violations of a policy
that allows no style at all and of Trusted Types; axe-core's findings closed, open and with a quote. The API is a stand-in.
"""

from __future__ import annotations

import gzip
from statistics import median

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from server.web.visitor.widget_file import widget_file
from tests.browser.bring_chromium import ARGUMENTS, find_chromium
from tests.widget.stub_api import POLICY, Api, serve

RUNS = 5
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
QUESTION = "What is a trigger point?"


def main() -> None:
    found = widget_file(POLICY)
    sizes = {"plain": len(found.script), "gzip -9": len(gzip.compress(found.script, 9))}
    sizes |= {coding: len(packed) for coding, packed in found.packed.items() if coding == "br"}
    print(*(f"{name}: {size:,} bytes" for name, size in sizes.items()), sep="\n")
    address, stop = serve(Api())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=list(ARGUMENTS))
        for name, is_there in (("with the script", True), ("without it", False)):
            durations = [_script_ms(browser.new_page(), address, is_there=is_there) for _ in range(RUNS)]
            print(f"script {name}: {median(durations):.1f} ms (median of {RUNS})")
        page = browser.new_page()
        page.goto(address)
        findings = [_findings(page)]
        page.get_by_role("button", name="Questions? Ask us").click()
        findings.append(_findings(page))
        page.get_by_role("button", name=QUESTION).click()
        page.locator("mark").wait_for()
        findings.append(_findings(page))
        print(f"violations of the policy and of Trusted Types: {len(page.evaluate('violations'))}")
        print(f"axe findings closed, open, with a quote: {', '.join(map(str, findings))}")
        browser.close()
    stop()


def _script_ms(page: Page, address: str, *, is_there: bool) -> float:
    """Chromium's ScriptDuration 2.5 s after load."""
    if not is_there:
        page.route("**/widget.js", lambda route: route.abort())
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable")
    page.goto(address)
    page.wait_for_timeout(2500)
    metrics = {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}
    page.close()
    return float(metrics["ScriptDuration"]) * 1000


def _findings(page: Page) -> int:
    return len(Axe().run(page, options={"runOnly": RULES}).response["violations"])


if __name__ == "__main__":
    main()
