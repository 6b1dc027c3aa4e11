from mixed_exhibit import picture

from varde.media.pool import Answer, Failure, FailureKind
from varde.pipeline.hashing_folder import _read_answer


def test_an_answer_that_cannot_be_true_is_noted_and_gives_no_entry() -> None:
    notes: list[str] = []
    assert _read_answer(Answer((1, "a.jpg", len(picture(1))), b"no answer of an honest decoder"), notes) is None
    assert len(notes) == 1
    assert notes[0].startswith("a.jpg: The decoder's answer cannot be true")


def test_a_failed_decoder_is_noted_and_gives_no_entry() -> None:
    notes: list[str] = []
    failure = Failure(FailureKind.CRASHED, "The decoder was ended by SIGSEGV.")
    assert _read_answer(Answer((1, "a.jpg", 9), failure), notes) is None
    assert notes == ["a.jpg: The decoder was ended by SIGSEGV."]
