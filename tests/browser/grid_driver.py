"""What a test does in a grid, as a person would: by keys, and by what stands on the screen."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Locator, Page

_LEVEL = re.compile(r"/picture/(\d)")


class GridDriver:
    """A page with a grid; made once its first tiles are there."""

    def __init__(self, page: Page, scope: str = "main") -> None:
        self.page = page
        self.scope = page.locator(scope)
        self.focused.wait_for()

    @property
    def focused(self) -> Locator:
        """The tile in focus."""
        return self.scope.locator(".tile.is-focused")

    @property
    def tiles(self) -> Locator:
        """The tiles that show something."""
        return self.scope.locator(".tile:not(.is-empty)")

    def press(self, *keys: str) -> None:
        """Presses keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def settle(self) -> None:
        """Waits until every decision is saved."""
        self.page.wait_for_function("!document.querySelector('.tile.is-pending')")

    def find(self, item_id: str) -> Locator:
        """Returns the tile of an item."""
        return self.scope.locator(f'.tile[data-item="{item_id}"]')

    def focus_item(self) -> str:
        """Returns the number of the item in focus."""
        return str(self.focused.get_attribute("data-item"))

    def list_items(self) -> list[str]:
        """Returns the numbers of the items on the page."""
        found: list[str] = self.tiles.evaluate_all("tiles => tiles.map(tile => tile.dataset.item)")
        return found

    def read_codes(self) -> dict[str, str]:
        """Returns the code of each item on the page, "" where it has none."""
        script = "tiles => tiles.map(tile => [tile.dataset.item, tile.querySelector('.code').textContent])"
        return dict(self.tiles.evaluate_all(script))

    def read_levels(self) -> dict[str, int]:
        """Returns at which level each picture on the page is shown."""
        script = "images => images.map(image => [image.closest('.tile').dataset.item, image.getAttribute('src')])"
        found: list[Any] = self.scope.locator(".has-picture img[src]").evaluate_all(script)
        return {item: int(match[1]) for item, source in found if (match := _LEVEL.search(source))}

    def count_decided(self) -> int:
        """Returns how many items of the case are decided, as the page says."""
        text = self.scope.locator(".grid-position").inner_text()
        found = re.match(r"([\d,]+) of", text)
        assert found, text
        return int(found[1].replace(",", ""))
