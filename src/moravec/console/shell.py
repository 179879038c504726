"""What every page is wrapped in: one file that needs no network and holds no script."""

from __future__ import annotations

from html import escape
from importlib.resources import files


def shell(title: str, header: str, sections: str, css: str = "") -> str:
    """The whole page. `header` and `sections` are HTML, `title` is text; `css` comes after the style that all pages share."""
    shared = files("moravec.console").joinpath("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src 'unsafe-inline'\">\n"
        f"<title>{escape(title)}</title>\n<style>\n{shared}{css}</style>\n</head>\n<body>\n{header}\n"
        f"<main>\n{sections}</main>\n<footer>Made by Moravec. This file needs no network and holds no script.</footer>\n"
        "</body>\n</html>\n"
    )
