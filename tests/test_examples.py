"""The examples run as printed, in processes of their own."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mvn_dask

ROOT = Path(__file__).parents[1]
ROUNDING = re.compile(r"\d(?:\.\d)?e-1[1-9]")


def command(example: str, *options: str) -> list[str]:
    return [sys.executable, str(ROOT / "examples" / f"{example}.py"), *options]


def printed(example: str, *options: str) -> str:
    return subprocess.run(command(example, *options), capture_output=True, text=True, check=True).stdout


def documented(example: str, page_name: str = "covariances") -> str:
    """What the documentation says that an example prints."""
    page = (ROOT / "docs" / f"{page_name}.md").read_text(encoding="utf-8")
    return page.split(f"$ python examples/{example}.py\n")[1].split("```")[0]


def without_last_digits(text: str) -> str:
    """A text in which rounding errors, up to 1e-10, do not count."""
    return ROUNDING.sub("rounding", text)


def numbers_after(words: str, text: str) -> list[float]:
    """The numbers in the first line that begins with these words."""
    line = next(line for line in text.splitlines() if line.strip().startswith(words))
    return [float(number) for number in re.findall(r"-?\d+\.\d+", line.split(words)[1])]


@pytest.mark.faults
@pytest.mark.parametrize(
    "example", ["factor_model", pytest.param("station_kriging", marks=pytest.mark.slow), "mesh_field"]
)
def test_what_is_printed_stands_in_the_documentation(example: str) -> None:
    """Real data, the same seed, and known answers beside those of mvn_dask, which differ by rounding alone."""
    found = without_last_digits(printed(example))
    assert "rounding" in found
    assert found == without_last_digits(documented(example))


@pytest.mark.faults
def test_ld_blocks_of_a_small_genome(tmp_path: Path) -> None:
    """Means over studies are within two standard errors, twice that at most, of what is known."""
    found = printed("ld_blocks", "--blocks", "12", "--studies", "60", "--output", str(tmp_path))
    for case in found.split("many effects: "):
        for words in ("mean of z²", "genomic control's λ", "LD score intercept", "LD score heritability"):
            if words in case:
                mean, error, known = numbers_after(words, case)
                assert abs(mean - known) < 2 * error, words
    for name in ("no-effects.zarr", "many-effects.zarr"):
        assert not mvn_dask.verify(tmp_path / name, level="values").bad


@pytest.mark.slow
@pytest.mark.parametrize("example", ["portfolio_tails", "basket_option", "rare_events"])
def test_estimates_stand_in_the_documentation(example: str) -> None:
    assert printed(example) == documented(example, "estimates")


@pytest.mark.slow
def test_tails_of_portfolios_have_their_closed_forms() -> None:
    found = printed("portfolio_tails", "--rows", "300000")
    for law in found.split("t, monthly loss"):
        for words in ("mean", "99.9% value at risk", "shortfall"):
            _, low, high, known = numbers_after(words, law.replace("95 % interval", ""))
            # Intervals of 95 %, twice as wide.
            assert abs(known - (low + high) / 2) < high - low, words


@pytest.mark.slow
def test_a_basket_option_has_its_published_value() -> None:
    found = printed("basket_option", "--power", "14")
    for case in found.split("correlation ")[1:]:
        published = float(case.split("published ")[1].split()[0])
        for words in ("plain", "control variate", "Sobol' points"):
            value, error = numbers_after(words, case)
            assert abs(value - published) < 4 * error, words


@pytest.mark.faults
def test_a_rare_event_is_found_by_a_shift() -> None:
    found = printed("rare_events", "--rows", str(2**16))
    value, error = re.findall(r"shifted: (\S+) ± (\S+)%", found)[0]
    assert abs(float(value) / 1e-6 - 1) < 4 * float(error) / 100
    assert float(error) < 2


@pytest.mark.slow
def test_ld_blocks_stand_in_the_documentation(tmp_path: Path) -> None:
    assert printed("ld_blocks", "--output", str(tmp_path)) == documented("ld_blocks")


def portfolio(output: Path, rows: int) -> list[str]:
    return command("portfolio", "--rows", str(rows), "--output", str(output))


def run(output: Path, rows: int) -> str:
    return printed("portfolio", "--rows", str(rows), "--output", str(output))


@pytest.mark.faults
def test_portfolio_as_it_is_run(tmp_path: Path) -> None:
    """With fewer rows."""
    assert "2 of 2 chunks verified" in run(tmp_path, 300_000)


@pytest.mark.slow
def test_portfolio_killed_and_run_again(tmp_path: Path) -> None:
    """Killed with all its workers while it writes, run again, and once more when it is finished."""
    rows = 3_000_000
    store = tmp_path / "returns.zarr"
    with subprocess.Popen(
        portfolio(tmp_path, rows), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as first:
        deadline = time.monotonic() + 120
        while len(list(store.glob("samples/c/*/0"))) < 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        os.killpg(first.pid, signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    assert not (store / "zarr.json").exists()

    second = run(tmp_path, rows)
    assert "going on: " in second
    assert "chunks of" in second
    third = run(tmp_path, rows)
    assert "found the finished store" in third
    assert "11 of 11 chunks verified" in third
    assert second.splitlines()[4:9] == third.splitlines()[3:8]

    risk = {line[:19].strip(): line[19:].split() for line in third.splitlines() if "%" in line}
    for measure in ("value at risk", "expected shortfall"):
        sampled, exact = (float(text.rstrip("%")) for text in risk[measure])
        assert abs(sampled - exact) < 0.02 * exact
    memory = next(line for line in third.splitlines() if line.startswith("peak memory"))
    peaks = [int(word.strip(",")) for word in memory.split() if word.strip(",").isdigit()]
    assert len(peaks) == 3
    assert max(peaks) < 1024
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
