"""The grades in force of the items of a case, by item and by stack; those decided while stacks are made come after."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

import numpy as np

from varde.pipeline.stack_material import Flags, Numbers

NONE = -1


class Grades:
    """What is decided, as it was read and as it changed since."""

    def __init__(self, item_ids: Numbers, stack_of: Numbers) -> None:
        """Prepares it, with nothing decided.

        Args:
            item_ids: (N,) ascending.
            stack_of: (N,) row of the stack of each item.
        """
        self._item_ids = item_ids
        self._stack_of = stack_of
        self._code_of = np.full(len(item_ids), NONE, np.int16)
        self._names: list[str] = []
        self._by_stack: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def record(self, decided: Iterable[tuple[int, str | None]]) -> set[int]:
        """Notes (item, code in force or None) and returns the stacks with them; items of other cases are passed by."""
        numbers = {name: position for position, name in enumerate(self._names)}
        stacks: set[int] = set()
        for item_id, code in decided:
            row = int(np.searchsorted(self._item_ids, item_id))
            if row == len(self._item_ids) or self._item_ids[row] != item_id:
                continue
            stack, before = int(self._stack_of[row]), int(self._code_of[row])
            if before != NONE:
                self._by_stack[stack][self._names[before]] -= 1
            if code is not None:
                self._by_stack[stack][code] += 1
                if code not in numbers:
                    numbers[code] = len(self._names)
                    self._names.append(code)
            self._code_of[row] = NONE if code is None else numbers[code]
            stacks.add(stack)
        return stacks

    def count_in(self, stack: int) -> dict[str, int]:
        """Returns the items of a stack by the code of the grade in force."""
        return (
            {code: count for code, count in self._by_stack[stack].items() if count} if stack in self._by_stack else {}
        )

    def count(self) -> dict[str, int]:
        """Returns all items by the code of the grade in force."""
        counts = np.bincount(self._code_of[self._is_decided()], minlength=len(self._names)).tolist()
        return {name: count for name, count in zip(self._names, counts, strict=True) if count}

    def count_closed(self, stacks: int) -> int:
        """Returns how many of so many stacks have every item decided."""
        sizes = np.bincount(self._stack_of, minlength=stacks)
        return int((np.bincount(self._stack_of[self._is_decided()], minlength=stacks) == sizes).sum())

    def _is_decided(self) -> Flags:
        decided: Flags = self._code_of != NONE
        return decided
