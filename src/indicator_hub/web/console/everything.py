"""All pages of the console, in the order of their routes."""

from fastapi import FastAPI

from indicator_hub.web.console import (
    connect,
    dashboard,
    entrance,
    feeds,
    found,
    groups,
    home,
    objects,
    ours,
    pages,
    people,
    practice,
    recalled,
)

PAGES = (
    *entrance.PAGES, *home.PAGES, *found.PAGES, *objects.PAGES, *feeds.PAGES, *groups.PAGES, *practice.PAGES, *ours.PAGES,
    *recalled.PAGES, *people.PAGES, *connect.PAGES, *dashboard.PAGES,
)  # fmt: skip


def mount(app: FastAPI) -> None:
    """The console's routes."""
    pages.mount(app, PAGES)
