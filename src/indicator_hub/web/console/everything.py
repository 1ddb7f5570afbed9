"""All pages of the console, in the order of their routes."""

from fastapi import FastAPI

from indicator_hub.web.console import connect, entrance, feeds, groups, home, pages, practice

PAGES = (*entrance.PAGES, *home.PAGES, *practice.PAGES, *feeds.PAGES, *groups.PAGES, *connect.PAGES)


def mount(app: FastAPI) -> None:
    """The console's routes."""
    pages.mount(app, PAGES)
