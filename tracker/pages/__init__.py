"""What pages of ours share: colours for light and dark, the style, and tables that can be sorted and searched."""

from __future__ import annotations

from importlib import resources

# After Okabe and Ito (2008), each darkened to a contrast of 3:1 or more on white; beside it the shade for dark pages.
SERIES = (
    ("#0069a8", "#58b4f4"),
    ("#d04a00", "#ff9456"),
    ("#008a63", "#3ed3a4"),
    ("#a8408a", "#f19bd0"),
    ("#a87200", "#f2bb3f"),
    ("#2f8fcf", "#a5dcff"),
    ("#6b4fc8", "#b9a7ff"),
)
INK, SOFT, RULE, PAPER = (
    ("#1b1f24", "#e9ecef"),
    ("#5b6470", "#9aa4af"),
    ("#d9dee3", "#333a42"),
    ("#fefefe", "#15191d"),
)
GROUND, ACCENT, HOVER, EDGE = (
    ("#f5f6f7", "#0e1114"),
    ("#0069a8", "#58b4f4"),
    ("#f2f6f9", "#1d232a"),
    ("#8b949e", "#6b7580"),
)


def colours() -> list[tuple[str, str, str]]:
    """CSS variable, light and dark value of every colour that plots use."""
    named = [("--ink", *INK), ("--soft", *SOFT), ("--rule", *RULE), ("--paper", *PAPER)]
    return named + [(f"--s{i}", *pair) for i, pair in enumerate(SERIES)]


def theme() -> str:
    """CSS with all colours as variables, which follow what the reader has set."""
    named = [("--ground", *GROUND), ("--accent", *ACCENT), ("--hover", *HOVER), ("--edge", *EDGE), *colours()]
    light = " ".join(f"{name}: {value};" for name, value, _ in named)
    dark = " ".join(f"{name}: {value};" for name, _, value in named)
    return (
        f":root {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}"
    )


def style() -> str:
    """CSS that goes before a page's own."""
    return (resources.files(__name__) / "base.css").read_text("utf-8")


def table_script() -> str:
    """Script for `table.sortable`, whose heads have `data-column` and `data-kind` (text, up or down) and hold a button,
    and for `input[data-filters]`, the id of the table whose rows it searches by their heads."""
    return (resources.files(__name__) / "table.js").read_text("utf-8")
