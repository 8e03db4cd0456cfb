"""The reference of the command: ``python docs/make_cli_reference.py > docs/cli.md``.

Input: the application with its help texts, the docstrings of its results, the keys of a job file. Output: Markdown.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import typer

from docs.command_parameters import Parameter, arguments_of, options_of
from mvn_dask.cli.application import app
from mvn_dask.cli.exit_codes import MEANINGS

INTRODUCTION = """\
# The command mvn-dask

Made by `python docs/make_cli_reference.py` from the texts that `mvn-dask --help` shows. [batch.md](batch.md) describes
how jobs are run on clusters.

    mvn-dask init job.toml                 write a job file, every key of it explained
    mvn-dask plan job.toml                 what it will do; nothing is written
    mvn-dask plan job.toml --probe         the same, and how long writing takes
    mvn-dask run job.toml                  begin it, go on with it, complete it
    mvn-dask run job.toml --part 3/8       one of eight shares, on as many machines as you like
    mvn-dask estimate job.toml             the estimates that its tables [[estimate]] ask for
    mvn-dask status job.toml --watch       how far it is, until it is complete
    mvn-dask verify job.toml               whether what is there is right

    mvn-dask sample --mean 0,0 --cov '[[2,1],[1,2]]' --size 1e9 --seed 42 samples.zarr
    mvn-dask sample --from-data returns.csv --size 1e6 --seed 42 samples.zarr
    mvn-dask sample --from-data returns.csv --df 5 --size 1e6 --seed 42 samples.zarr
    mvn-dask doctor                        what is wrong with this machine and environment

Numbers may be written `1e9` and `1_000_000`, sizes `2 GiB`. Where a command takes a STORE, it takes a job file as well:
then the job's output, its storage options and its cluster are meant.

**Standard output** holds the result and nothing else: text, or with `--json` one JSON object, whose fields stand below.
In a terminal, long lines of a result go on below their column; elsewhere each is one line.
Everything else goes to **standard error**: a bar in a terminal, elsewhere a line each half minute, both by chunk, with
bytes, rate and time left as `status` has them; what takes over a second before that, such as reading, factorising or
compiling; each warning and each error in one line. With `--log-format json` these are objects with `time`, `level`,
`message`, and what belongs to them. The last one of every `run` and `sample` has the `event` "finished" (with
`exit_code`, `drawn`, the chunks, and `seconds`), whatever came before; where there is something to draw or to compare,
that is one whose `event` is "started" (with `version`, `fingerprint`, `cluster` and `threads`), after those about
reading and factorising. Colours are left out where `NO_COLOR` is set or standard error is no terminal.

**Signals.** SIGTERM, SIGINT (Ctrl-C) and SIGUSR1, Slurm's early warning, stop a command: nothing new begins, chunks
that are being drawn end within `--grace` seconds, and the exit code is 75. A second signal ends it at once; within a
quarter of a second it counts as the first one, since queues signal every process and scripts forward signals. Whatever
happens, the store is never torn. The same command goes on; `estimate`, `verify` and `report`, which change nothing,
begin anew, and a stopped `extend` is completed by `repair`, since the same `extend` again would append more.

**Time.** `plan`, like `run`, checks and factorises the covariance, unless the job has begun: some 2,000 variables take
half a second with the default, "auto", and five with "svd". A job that is complete ends in less than a
second, and a part that is done starts no cluster.

**Man pages.** `man mvn-dask` and `man mvn-dask-run` show the same where the package is installed; of an environment
that is not activated, `man $PREFIX/share/man/man1/mvn-dask.1`.

**Completion.** `mvn-dask --install-completion` installs it in the shell that has called, `--install-completion bash` in
the one that is named, and `--show-completion zsh` prints a script. Commands, options, levels and the keys of `--set`
complete.
"""

JOB_FILE = """\
A TOML file with `version = 1` and these tables; `mvn-dask init` writes one in which every key is explained. Unknown
keys, wrong types and impossible values are errors with file, line and key. Pickled arrays are never loaded.

**Paths and URLs** are the values of `url`, `path`, `scheduler_file` and the files of `tls`, and a text in place of
mean, cov, correlation, standard_deviations, location or shape. Relative paths start at the folder of the job file.
`${NAME}` is replaced by the environment variable, which must be set and not empty; then a leading `~` or `~user` by a
home folder. `$NAME`
stays as it is, and so does everything that is no path or URL, as numbers and the options of a cluster. The job keeps
what is written, so that each machine expands its own. `file:/data` and `file:///data` are paths; `s3:/bucket`, without
its second slash, is an error, and `./s3:/bucket` a path. STORE, OUT, and the files of `--mean` and `--cov` are read
likewise, from the current folder; FILE and PATH too, without variables."""

COVARIANCES = """\
A table with `kind` in place of the numbers or the file of `cov`, of `shape`, and of `--cov`: its other keys are the
arguments of the class of `mvn_dask.covariance` of that name, and where they are arrays, they are written as those of
`[distribution]`: numbers, or a file. `members`, `covariance` and `precision` hold covariances, each written as `cov`
may be, to any depth that the classes take. A `.npz` file of `scipy.sparse.save_npz` is a sparse matrix wherever a
covariance or a precision may be.

    [distribution]
    mean = 0.0

    [distribution.cov]
    kind = "kronecker"

    [[distribution.cov.members]]
    kind = "toeplitz"
    first_column = "time.npy"

    [[distribution.cov.members]]
    kind = "precision"
    precision = "space.npz"

In one line: `--set 'distribution.cov={kind = "banded", bands = "bands.npy"}'`. A `function` that is a text
"module:name" is imported by its name and called as code of your own: the module must lie on Python's path. The
`method`, `check_valid` and `tol` of `[distribution]` are those of every matrix inside, unless its table has its own."""

ESTIMATES = """\
Any number of tables, each with the `statistic` that is wanted and what it is of: a `column`, a `combination` of
columns, a `function` of the rows, or all columns. Nothing in them decides a number of the sample: its fingerprint and
its store are those of the job without them, and a job that was begun goes on whatever stands here.

    [[estimate]]
    name = "shortfall of the portfolio"
    statistic = "expected-shortfall"
    combination = { oil = 0.3, gas = 0.7 }
    level = 0.999

    [[estimate]]
    statistic = "probability"
    function = "losses:portfolio_loss"
    event = "> 3.0"

The tables of a file are computed together, while its rows are drawn once, or twice for statistics that need a second
look; each result has the bits that `mvn_dask.estimate` gives of the same array, on any cluster, with any chunks, and if
workers are killed on the way. The first axis of the sample are rows; the others, in C order, are columns.

A `function`, and an `event` that is no comparison, are imported from the folder of the job file, or else from Python's
path, and called as code of your own with rows of shape (n, columns), or (n,) of one column; what a row gives must not
depend on those beside it, since rows come in pieces. Other processes get the code of the function and of what its
module has imported from that folder, so that they need not see it."""
MARGINALS = """\
With `kind = "gaussian-copula"`: a table for each variable, in the order of the correlations, or one for all. The names
of shape parameters are scipy's.

    [distribution]
    kind = "gaussian-copula"
    correlation = [[1.0, 0.6], [0.6, 1.0]]
    marginals = [{ name = "lognorm", s = 0.5, scale = 2.0 }, { name = "t", df = 4.0 }]"""

DATA = """\
In place of `mean` and `cov`: a file of data, a row an observation, a column a variable, whose names are those of the
header. `mvn-dask sample --from-data returns.csv` takes the same.

    [distribution.data]
    path = "returns.csv"
    missing = "drop"
    shrink = "ledoit-wolf"

Large files are read in pieces, and sums are made in a fixed order: the same data give the same mean and covariance, bit
by bit, on every machine, so that a job goes on elsewhere. The store keeps their digests: a file whose numbers have
changed since makes another sample, which `run` refuses. Of a CSV file, empty cells, NA, N/A, NaN, null and None are
missing. Fewer rows than variables give a singular covariance, with a warning. The target of Ledoit and Wolf's shrinkage
has equal variances, so variables should be in like units; it takes all rows into memory. A column that is constant is
drawn as that number, with a warning.

With `kind = "t"` and a given `df`, above 2, location and shape are those whose distribution has the mean and covariance
of the data. With `kind = "gaussian-copula"` and given marginals, the correlations are those of the normal scores of the
ranks, for which all rows are in memory: they do not depend on the laws of the variables, so marginals may be fitted
elsewhere, or be others. From a shell:

    mvn-dask sample --from-data returns.csv --set distribution.kind=t --set distribution.df=5 \\
        --size 1e6 --seed 42 samples.zarr"""

FIELDS = {
    "plan": ("mvn_dask.job.planning", "JobPlan"),
    "run": ("mvn_dask.job.running", "RunResult"),
    "estimate": ("mvn_dask.job.job_estimates", "JobEstimates"),
    "status": ("mvn_dask.store.status", "Status"),
    "info": ("mvn_dask.maintenance.describe", "Description"),
    "verify": ("mvn_dask.maintenance.verify", "Verification"),
    "repair": ("mvn_dask.maintenance.repair", "Repair"),
    "extend": ("mvn_dask.maintenance.extend", "Extension"),
}
"""Commands whose JSON is a dataclass, and where its fields are documented."""

REPORT = {
    "format": 'The layout, "mvn_dask report"; the page holds it as a file, whose field `omitted` names those that were '
    "left out for their length.",
    "format_version": "Its version, 1: another one where a field changes its meaning, or is left out.",
    "url": "Where the store lies.",
    "ok": "Whether no test contradicts the sample; then the exit code is 0, else 5.",
    "error_rate": "Share of sound samples for which `ok` is false, at most.",
    "made": "When, in UTC.",
    "fingerprint": "SHA-256 of everything that decides the values.",
    "shape": "Shape of the sample, the variables last.",
    "dtype": "Type of the numbers.",
    "sample": "What decides the values: seed, bit generator, digests of mean and covariance.",
    "largest_variance_miss": "Largest relative difference of a variance of the factor and the one asked for; null "
    "where it is infinite, since a variance of 0 was asked for.",
    "condition_number": "That of the covariance that is drawn, scaled to a unit diagonal; null where it is not known "
    "or infinite.",
    "smallest_eigenvalue": "That of the same matrix, which is the factor's: 0 if it is singular to rounding, and never "
    "negative; null where it is not known.",
    "begun_with": "Where the store was begun: versions, BLAS, processor; null where that is lost.",
    "reported_with": "The same of this machine.",
    "verdicts": "A list: `family`, `title`, `grade`, `ok`, `tests` (how many), `p_value`, "
    "`text` (the most extreme), `warning`, `variables` (numbers of those that the text names).",
    "normal_scores": "Whether the numbers below are of normal scores: those of a t distribution, or of a copula.",
    "variables": "A table by columns, of the first 1,000 that were looked at: `numbers`, `names`, `units` (empty where "
    "they are not known), means and standard deviations, those expected, how far they are off in standard errors, "
    "p-values of each by itself, and the `smallest` and the `largest` number. `Report.to_csv()` has all of them.",
    "correlations": "Correlations of the sample, those of the factor as expected, and differences in standard errors.",
    "distances": "Squared Mahalanobis distances: counts in bins, whose law for normal samples is χ².",
    "histograms": "Counts of single variables, and the bounds between them.",
    "convergences": "A list of the estimates of a job's tables as rows are added: `name`, `rows`, `value`, and the "
    "ends of their intervals, `low` and `high`; empty without a job file.",
    "left_out": "What was not looked at, a sentence each.",
}
"""Fields of the JSON of a report on a sample."""
DERIVED_REPORT = {
    "ok": "Whether nothing was found that changes along the rows, no rows come again, and every column has numbers.",
    "error_rate": "Share of stores of independent, equally distributed rows, of any law, for which `ok` is false, at "
    "most.",
    "shape": "Shape of the array, whose first axis are rows.",
    "expression": "Dask's name of the array, a digest of how it is computed.",
    "samples": "What decides the values of each sample behind it.",
    "columns": "A list: `number`, `name`, `missing` (NaN) and `infinite` numbers, `moments`, `quantiles` and "
    "`expected_shortfalls` with their intervals, `extremes` and their rows, `histogram`, `segments` of the rows with "
    "their means, variances and counts above thresholds, and `convergence`: estimates of the first 2**k leaves.",
}
"""Those of a report on derived numbers that are not the same."""
DOCTOR = {
    "ok": "Whether nothing keeps the package from its work; then the exit code is 0, else 1.",
    "results": "A list: `name`, `grade` (ok, absent, warning or fault), `value`, and `cure`, null where nothing is "
    "to be done.",
}
"""Fields of the JSON of a diagnosis."""
OTHER_FIELDS = {"doctor": DOCTOR, "report": REPORT}
"""Commands whose JSON is no dataclass, and its fields."""


def reference() -> str:
    """The reference, as Markdown."""
    group: Any = typer.main.get_command(app)
    parts = [INTRODUCTION, _exit_codes()]
    parts += [_section(name, command) for name, command in group.commands.items()]
    parts.append(_job_file())
    return "\n".join(parts)


def _exit_codes() -> str:
    rows = [(str(int(code)), meaning) for code, meaning in MEANINGS.items()]
    return f"## Exit codes\n\n{_table(('code', 'meaning'), rows)}\n"


def _section(name: str, command: Any) -> str:
    arguments = arguments_of(command)
    usage = " ".join([f"mvn-dask {name}", *(each.value for each in arguments), "[OPTIONS]"])
    parts = [f"## {name}", f"    {usage}", inspect.cleandoc(command.help or "")]
    rows = [(f"`{each.value}`", each.text) for each in arguments]
    rows += [(_usage(each), each.text) for each in options_of(command)]
    parts.append(_table(("", ""), rows))
    if name in FIELDS:
        parts += ["With `--json`:", _table(("field", "meaning"), list(_fields(name)))]
    if name in OTHER_FIELDS:
        rows = [(f"`{field}`", meaning) for field, meaning in OTHER_FIELDS[name].items()]
        parts += ["With `--json`:", _table(("field", "meaning"), rows)]
    if name == "report":
        derived = [(f"`{field}`", meaning) for field, meaning in DERIVED_REPORT.items()]
        parts += [
            "Of derived numbers, such as losses, the fields from `sample` to `smallest_eigenvalue`, and from "
            "`normal_scores` to `histograms`, are left out, and these are:",
            _table(("field", "meaning"), derived),
        ]
    return "\n\n".join(parts) + "\n"


def _usage(option: Parameter) -> str:
    return ", ".join(f"`{name} {option.value}`" if option.value else f"`{name}`" for name in option.names)


def _fields(command: str) -> Iterator[tuple[str, str]]:
    """Fields of a report, and their docstrings."""
    module, name = FIELDS[command]
    __import__(module)
    body = ast.parse(textwrap.dedent(inspect.getsource(getattr(sys.modules[module], name)))).body[0].body  # type: ignore[attr-defined]
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and isinstance(text, ast.Expr):
            document = ast.literal_eval(text.value)
            if (command, field.target.id) == ("verify", "bad"):
                document = (
                    "Chunks that are not as they should be: a list of objects with `chunk`, its index, and `reason`; "
                    "of more than 10,000, the first ones."
                )
            yield f"`{field.target.id}`", " ".join(document.split())
    yield from {
        "status": [
            ("`complete`", "Whether nothing is left to do; of a part, in its share."),
            ("`state`", "unfinished, complete, or changed: complete, and others changed its metadata since."),
            (
                "`differences`",
                "Fields by which the store is of another specification than the job file, a sentence each; null where "
                "no job file was named, or its files cannot be read.",
            ),
        ],
        "verify": [
            ("`bad_count`", "How many chunks are bad."),
            ("`ok`", "Whether the store is exactly what its manifest says, and no unknown file lies in it."),
        ],
    }.get(command, [])


def _job_file() -> str:
    """The keys of a job file, a table a heading."""
    from mvn_dask.job.job import Job

    parts = ["## The job file", JOB_FILE]
    for name, field in Job.model_fields.items():
        inner: Any = field.annotation
        if hasattr(inner, "model_fields"):
            keys = inner.model_fields.items()
            rows = [(f"`{key.alias or word}`", f"{key.description}.{_preset(key)}") for word, key in keys]
            parts += [f"### [{name}]: {field.description}", _table(("key", "meaning"), rows)]
        if name == "distribution":
            parts += [*_covariances(), *_marginals(), *_data()]
        if name == "estimates":
            parts += _estimates(str(field.description))
    return "\n\n".join(parts) + "\n"


def _estimates(description: str) -> list[str]:
    """The keys of a table of estimates, and those that each statistic takes."""
    from mvn_dask.job.schema.estimate_table import ARGUMENTS, EstimateTable, subjects_of

    keys = [(f"`{name}`", f"{key.description}.{_preset(key)}") for name, key in EstimateTable.model_fields.items()]
    statistics = [
        (
            f"`{statistic}`",
            ", ".join(f"`{key}`" for key in required),
            ", ".join(f"`{key}`" for key in subjects_of(statistic)),
        )
        for statistic, required in ARGUMENTS.items()
    ]
    return [
        f"### [[estimate]]: {description}",
        ESTIMATES,
        _table(("statistic", "requires", "and one of"), statistics),
        _table(("key", "meaning"), keys),
    ]


def _covariances() -> list[str]:
    """The kinds of the table of a covariance, and its keys."""
    from mvn_dask.job.schema.covariance_table import OPTIONAL_KEYS, REQUIRED_KEYS, CovarianceTable, FunctionTable

    kinds = [
        (f"`{kind}`", ", ".join(f"`{key}`" for key in required), ", ".join(f"`{key}`" for key in OPTIONAL_KEYS[kind]))
        for kind, required in REQUIRED_KEYS.items()
    ]
    keys = [(f"`{name}`", f"{key.description}.") for name, key in CovarianceTable.model_fields.items()]
    inner = [(f"`function.{name}`", f"{key.description}.") for name, key in FunctionTable.model_fields.items()]
    table = _table(("kind", "keys", "and, if wanted"), kinds)
    return [
        "### [distribution.cov]: a covariance of some structure",
        COVARIANCES,
        table,
        _table(("key", "meaning"), keys + inner),
    ]


def _marginals() -> list[str]:
    """The keys of a marginal."""
    from mvn_dask.job.schema.marginal_table import MarginalTable

    keys = [(f"`{name}`", f"{key.description}.") for name, key in MarginalTable.model_fields.items()]
    title = "### [[distribution.marginals]]: the law of a variable"
    return [title, MARGINALS, _table(("key", "meaning"), keys)]


def _data() -> list[str]:
    """The keys of a table of data."""
    from mvn_dask.job.schema.data_table import DataTable

    keys = [(f"`{name}`", f"{key.description}.{_preset(key)}") for name, key in DataTable.model_fields.items()]
    title = "### [distribution.data]: rows of which mean and covariance are estimated"
    return [title, DATA, _table(("key", "meaning"), keys)]


def _preset(field: Any) -> str:
    if field.is_required():
        return " Required."
    return f" Default: {field.default!r}." if isinstance(field.default, (str, int, float)) else ""


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    cells = [head, ("---",) * len(head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |").replace("|  |", "| |") for row in cells)


if __name__ == "__main__":
    sys.stdout.write(reference())
