"""A figure as PNG and PDF files, and as SVG within a page, where its colours follow light and dark."""

from __future__ import annotations

import io
import re
from typing import Any

from tracker.evaluation.report.plots import Plot
from tracker.evaluation.report.style import settings
from tracker.pages import colours

DPI = 200


def png(figure: Any) -> bytes:
    """The figure as a PNG of 200 dots an inch, for slides and documents."""
    return _saved(figure, "png", dpi=DPI, metadata={"Software": None})


def pdf(figure: Any) -> bytes:
    """The figure as a PDF with embedded fonts, the same bytes every time."""
    return _saved(figure, "pdf", metadata={"CreationDate": None, "Creator": None, "Producer": None})


def svg(plot: Plot) -> str:
    """The figure as an `<svg>` element: page fonts, colours as CSS variables, ids of its own, named for readers."""
    text = _saved(plot.figure, "svg", metadata={"Date": None, "Creator": None}).decode("utf-8")
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    body = text[text.index("<svg") :]
    box = re.search(r'viewBox="([^"]+)"', body)
    inner = body[body.index(">") + 1 :]
    for variable, light, _ in colours():
        inner = inner.replace(light, f"var({variable})")
    inner = re.sub(r'\bid="([^"]+)"', rf'id="{plot.name}-\1"', inner)
    inner = re.sub(r'(?:xlink:)?href="#([^"]+)"', rf'href="#{plot.name}-\1"', inner)
    inner = re.sub(r"url\(#([^)]+)\)", rf"url(#{plot.name}-\1)", inner)
    inner = re.sub(r"'DejaVu Sans'(, ?sans-serif)?", "var(--font)", inner)
    inner = re.sub(r"\n\s*", "\n", re.sub(r"<!--.*?-->", "", inner, flags=re.DOTALL))
    return f'<svg viewBox="{box[1] if box else ""}" role="img" aria-labelledby="about-{plot.name}">{inner}'


def _saved(figure: Any, kind: str, **how: Any) -> bytes:
    import matplotlib

    with matplotlib.rc_context(settings()), io.BytesIO() as file:
        figure.savefig(file, format=kind, **how)
        return file.getvalue()
