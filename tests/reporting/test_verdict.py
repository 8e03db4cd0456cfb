from dataclasses import replace

from mvn_dask.reporting.verdict import Verdict

SOUND = Verdict("means", "Means", True, 3, 0.4, "the largest is 1.2 standard errors off")


def test_grades() -> None:
    assert SOUND.grade == "ok"
    assert replace(SOUND, warning=True).grade == "warning"
    assert replace(SOUND, p_value=None).grade == "not tested"
    assert replace(SOUND, ok=False, warning=True).grade == "NOT ok"


def test_as_a_line() -> None:
    assert str(SOUND) == "Means: ok; the largest is 1.2 standard errors off"
