"""An evaluation's report as a table for the terminal, and as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

Report = Mapping[str, Any]


def as_table(report: Report) -> str:
    """The figures with their intervals, then every unsafe miss, then the others."""
    lines = [f"{report['questions']} questions, build {str(report['build'])[:12]}", ""]
    for figure in report["figures"]:
        lines.append(f"{figure['name']:<46}{_share(figure)}")
    lines += ["", f"Unsafe misses: {len(report['unsafe'])}"]
    lines += [_line(miss) for miss in report["unsafe"]]
    lines += ["", f"Other misses: {len(report['misses'])}"]
    lines += [_line(miss) for miss in report["misses"]]
    return "\n".join(lines)


def as_page(report: Report, questions: str) -> str:
    """The same as one HTML page that needs nothing else."""
    loader = PackageLoader("server.web")
    environment = Environment(loader=loader, undefined=StrictUndefined, autoescape=select_autoescape(default=True))
    return environment.get_template("report.html").render(report=report, questions=questions, share=_share)


def _share(figure: Mapping[str, Any]) -> str:
    if figure["share"] is None:
        return "      –  (none asked)"
    low, high = figure["interval"]
    return f"{figure['share']:7.1%}  {figure['hits']}/{figure['total']}  (95%: {low:.1%} to {high:.1%})"


def _line(miss: Mapping[str, Any]) -> str:
    before = f"[after: {' / '.join(miss['history'])}] " if miss["history"] else ""
    reasons = ", ".join(miss["because"])
    return f"  {miss['id']}: {before}{miss['text']}\n      {miss['label']} read as {miss['read_as']}; {reasons}; {miss['gate']}"
