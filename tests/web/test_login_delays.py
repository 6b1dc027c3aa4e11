"""Behaviour of `varde.web.login_delays`."""

from __future__ import annotations

from varde.web.login_delays import Attempt, LoginDelays, Wait


class Watch:
    """Seconds that tests put forward."""

    def __init__(self) -> None:
        self.s = 1000.0

    def __call__(self) -> float:
        return self.s


def make() -> tuple[LoginDelays, Watch]:
    watch = Watch()
    return LoginDelays(watch), watch


def fail(delays: LoginDelays, name: str = "anna", address: str = "1", browser: str = "") -> int:
    """Returns how long to wait, 0 if the attempt could be made (and failed)."""
    found = delays.begin(name, address, browser)
    return found.seconds if isinstance(found, Wait) else 0


def test_after_a_few_failures_the_waits_grow_to_a_minute() -> None:
    delays, watch = make()
    assert [fail(delays) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    waits = []
    for _ in range(8):
        waits.append(fail(delays))
        watch.s += waits[-1]
        assert fail(delays) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_attempts_at_once_count_before_they_are_looked_at() -> None:
    delays, _ = make()
    begun = [delays.begin("anna", "1", "") for _ in range(50)]
    assert sum(isinstance(one, Attempt) for one in begun) == 5


def test_a_name_is_the_same_however_it_is_written() -> None:
    delays, _ = make()
    written = ["anna", "Anna", " ANNA ", "anna", "aNNa"]
    assert [fail(delays, name) for name in written] == [0] * 5
    assert fail(delays, "annA") == 1
    assert fail(delays, "gr\u00f6\u00dfe") == fail(delays, "gro\u0308\u00dfe") == 0


def test_one_address_cannot_try_many_names() -> None:
    delays, _ = make()
    waits = [fail(delays, f"name {number}") for number in range(40)]
    assert waits == [0] * 30 + [1] * 10
    assert fail(delays, "name 50", address="2") == 0


def test_a_name_is_slowed_down_from_all_addresses_together() -> None:
    delays, _ = make()
    assert [fail(delays, address=str(number)) for number in range(6)] == [0] * 5 + [1]


def test_success_begins_anew_and_is_no_failure_of_the_address() -> None:
    delays, _ = make()
    for _ in range(200):
        attempt = delays.begin("anna", "1", "")
        assert isinstance(attempt, Attempt)
        delays.succeed(attempt)
    for _ in range(4):
        fail(delays)
    attempt = delays.begin("anna", "1", "")
    assert isinstance(attempt, Attempt)
    delays.succeed(attempt)
    assert [fail(delays) for _ in range(6)] == [0] * 5 + [1]


def test_what_was_not_looked_at_does_not_count() -> None:
    delays, _ = make()
    for _ in range(100):
        attempt = delays.begin("anna", "1", "")
        assert isinstance(attempt, Attempt)
        delays.give_back(attempt)


def test_strangers_lock_nobody_out_who_logged_in_there_before() -> None:
    delays, watch = make()
    browser = delays.sign_browser("anna")
    for _ in range(200):  # a stranger who takes every opportunity, from the same address
        watch.s += fail(delays)
    for _ in range(3):
        attempt = delays.begin("anna", "1", browser)
        assert isinstance(attempt, Attempt)
        delays.succeed(attempt)


def test_a_browser_is_slowed_down_too() -> None:
    delays, _ = make()
    browser = delays.sign_browser("anna")
    assert [fail(delays, browser=browser) for _ in range(11)] == [0] * 10 + [1]


def test_a_browser_counts_for_its_own_account_only_and_cannot_be_made_up() -> None:
    delays, _ = make()
    browser = delays.sign_browser("anna")
    foreign = make()[0].sign_browser("berta")
    for shown in (browser, foreign, f"{browser}x", "x.y", ".", "x", "\udcff.\udcff", "x." + "0" * 64):
        other, _ = make()
        other._key = delays._key
        assert [fail(other, "berta", browser=shown) for _ in range(6)] == [0] * 5 + [1]


def test_after_a_quarter_of_an_hour_it_is_forgotten() -> None:
    delays, watch = make()
    for _ in range(5):
        fail(delays)
    watch.s += 901
    assert [fail(delays) for _ in range(6)] == [0] * 5 + [1]


def test_what_is_kept_is_bounded() -> None:
    delays, _ = make()
    for number in range(25_000):
        delays.begin(f"name {number}", f"address {number}", "")
        delays.is_to_be_audited(f"name {number}")
    assert len(delays._attempts) <= 20_000
    assert len(delays._audited) <= 20_000


def test_the_first_refusal_of_a_minute_is_audited() -> None:
    delays, watch = make()
    assert [delays.is_to_be_audited("anna"), delays.is_to_be_audited("Anna")] == [True, False]
    assert delays.is_to_be_audited("berta")
    watch.s += 60
    assert delays.is_to_be_audited("anna")
