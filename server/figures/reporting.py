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
    return environment.get_template("report.html").render(
        report=report, questions=questions, share=_share, chart=_chart(report)
    )


def as_markdown(report: Report) -> str:
    """The figures as a Markdown table: what the README shows."""
    rows = ["| Figure | Share | Count | 95% interval |", "|---|---|---|---|"]
    for figure in report["figures"]:
        if figure["share"] is not None:
            low, high = figure["interval"]
            count = f"{figure['hits']}/{figure['total']}"
            rows.append(f"| {figure['name']} | {figure['share']:.1%} | {count} | {low:.1%} to {high:.1%} |")
    return "\n".join(rows)


def _chart(report: Report) -> dict[str, Any]:
    """Coverage over the share of wrong quotes as points of a drawing of 600 by 300, the wrong share to 40% at most."""
    points = [
        {**point, "x": round(600 * min(point["wrong"], 0.4) / 0.4, 1), "y": round(300 - 300 * point["coverage"], 1)}
        for point in report["curve"]
    ]
    threshold = report["threshold"]
    if threshold is None or not points:
        return {"points": points, "chosen": None}
    return {
        "points": points,
        "chosen": min(points, key=lambda point: abs(float(point["threshold"]) - float(threshold))),
    }


def _share(figure: Mapping[str, Any]) -> str:
    if figure["share"] is None:
        return "      –  (none asked)"
    low, high = figure["interval"]
    return f"{figure['share']:7.1%}  {figure['hits']}/{figure['total']}  (95%: {low:.1%} to {high:.1%})"


def _line(miss: Mapping[str, Any]) -> str:
    before = f"[after: {' / '.join(miss['history'])}] " if miss["history"] else ""
    reasons = ", ".join(miss["because"])
    return f"  {miss['id']}: {before}{miss['text']}\n      {miss['label']} read as {miss['read_as']}; {reasons}; {miss['gate']}"
