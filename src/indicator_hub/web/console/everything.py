"""All pages of the console, in the order of their routes."""

from fastapi import FastAPI

from indicator_hub.web.console import connect, entrance, feeds, groups, home, objects, pages, practice

PAGES = (
    *entrance.PAGES, *home.PAGES, *objects.PAGES, *feeds.PAGES, *groups.PAGES, *practice.PAGES, *connect.PAGES,
)  # fmt: skip


def mount(app: FastAPI) -> None:
    """The console's routes."""
    pages.mount(app, PAGES)
