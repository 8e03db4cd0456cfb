from mvn_dask.maintenance.shown_verification import MAX_LINES
from mvn_dask.maintenance.verify import Verification
from mvn_dask.store.format.layout import Index

COUNT = 10**5


def found(bad: int, faults: int = 0, unknown: int = 0) -> Verification:
    chunks: dict[Index, str] = {(number, 0): "missing" for number in range(bad)}
    files = tuple(f"<b>{number}" for number in range(max(faults, unknown)))
    others = dict.fromkeys(files[:faults], "was changed")
    return Verification("a.zarr", "size", COUNT, 0, COUNT, chunks, others, files[:unknown], (), "")


def test_what_is_wrong_is_listed_in_bounded_length() -> None:
    verification = found(COUNT, COUNT, COUNT)
    assert not verification.ok
    assert len(str(verification).splitlines()) == 2 + 3 * (MAX_LINES + 1)
    assert repr(verification) == (
        "Verification(url='a.zarr', level='size', ok=False, chunks=100000, bad={(0, 0): 'missing', (1, 0): 'missing', "
        "(2, 0): 'missing', … 99,997 more}, faults={'<b>0': 'was changed', '<b>1': 'was changed', "
        "'<b>2': 'was changed', … 99,997 more}, unknown_files=('<b>0', '<b>1', '<b>2', … 99,997 more))"
    )
    html = verification._repr_html_()
    assert html.count("<td") == 2 * (MAX_LINES + 1)
    assert "0 of 100,000 good" in html
    assert "<b>0" not in html


def test_a_sound_store() -> None:
    html = found(0)._repr_html_()
    assert '<span class="mvn-badge mvn-ok">ok</span>' in html
    assert "<details" not in html
