"""What to do about an error or a warning, in the words of Python and in those of the command.

Input: a text in which what the two spell differently stands as a term, ``{repair}``. Output: the text for one of them.
Errors and warnings keep their advice apart from what they say happened, so that no name or path they quote is taken
for advice. Cost: none.
"""

from dataclasses import dataclass
from typing import TypeVar

TERMS = {
    "array": ("array", "job"),
    "auto": ("method='auto' of MultivariateNormal", 'distribution.method = "auto"'),
    "call": ("call", "command"),
    "chunks": ("chunks=", "sample.chunks = "),
    "extend": ("mvn_dask.extend", "`mvn-dask extend`"),
    "float64": ("dtype=np.float64", 'sample.dtype = "float64"'),
    "force": ("force=True", "--force"),
    "ignore": ("check_valid='ignore'", 'distribution.check_valid = "ignore"'),
    "in_python": ("", "in Python "),
    "lease": ("the setting `mvn_dask.lease` of dask", "the environment variable DASK_MVN_DASK__LEASE, in seconds,"),
    "nearest_psd": ("mvn_dask.covariance.nearest_psd", "mvn_dask.covariance.nearest_psd in Python"),
    "overwrite": ("use overwrite=True", "set output.overwrite = true"),
    "repair": ("mvn_dask.repair", "`mvn-dask repair`"),
    "shards": ("`shards` of `mvn_dask.to_zarr`", "`output.shards`"),
    "singular": (
        "method='svd', 'eigh', or 'auto' of MultivariateNormal",
        'distribution.method = "svd", "eigh" or "auto"',
    ),
    "spool": (
        "dask.config.set({'mvn_dask.spool': '/shared/folder'})",
        "the environment variable DASK_MVN_DASK__SPOOL=/shared/folder",
    ),
    "status": ("mvn_dask.status", "`mvn-dask status`"),
    "the_array": ("The array", "The job"),
    "the_same": ("Give the array", "Run the job"),
    "threads": ('dask.config.set(scheduler="threads")', 'cluster.kind = "threads"'),
    "to_zarr": ("mvn_dask.to_zarr", "`mvn-dask run`"),
    "verify": ("mvn_dask.verify", "`mvn-dask verify`"),
}
"""What Python and the command call the same thing, by the term that stands for it in an advice."""
_PYTHON, _COMMAND = ({term: words[column] for term, words in TERMS.items()} for column in (0, 1))

W = TypeVar("W", bound=Warning)


@dataclass(frozen=True)
class Advice:
    """A way out.

    Examples
    --------
    >>> advice = Advice("call {repair}, which completes it")
    >>> advice.python, advice.command
    ('call mvn_dask.repair, which completes it', 'call `mvn-dask repair`, which completes it')
    """

    text: str
    """Words, and terms in braces: nothing that comes from outside, which may hold braces as well."""
    text_for_command: str = ""
    """The same, where the command's way out is another one."""

    @property
    def python(self) -> str:
        return self.text.format_map(_PYTHON)

    @property
    def command(self) -> str:
        return (self.text_for_command or self.text).format_map(_COMMAND)


def with_advice(text: str, advice: str) -> str:
    """What happened and the way out: a sentence more after a sentence, else what follows a colon."""
    return " ".join([text, advice]) if text.endswith(".") else f"{text}: {advice}"


def advising_warning(kind: type[W], text: str, advice: Advice | None) -> W:
    """A warning with advice for Python, which `words_for_command` gives for the command."""
    warning = kind(text if advice is None else with_advice(text, advice.python))
    if advice is not None:
        warning.__dict__["for_command"] = with_advice(text, advice.command)
    return warning


def words_for_command(warning: Warning | str) -> str:
    """The text of a warning, its advice that for the command.

    Examples
    --------
    >>> words_for_command(advising_warning(UserWarning, "a chunk is missing", Advice("call {repair}")))
    'a chunk is missing: call `mvn-dask repair`'
    """
    return str(getattr(warning, "for_command", warning))
