"""Completion of the command in shells.

Input: a shell's name, or what was typed so far. Output: the shell's script, or words that may follow. Cost: pydantic is
imported for the keys of a job file, in a quarter of a second.
"""

from collections.abc import Callable, Sequence

PROGRAM = "mvn-dask"
"""Name of the command."""
SHELLS = ("bash", "zsh", "fish", "powershell", "pwsh")
"""Shells that there are scripts for."""
_VARIABLE = "_MVN_DASK_COMPLETE"
# typer's script for bash, and no space after a key of a job file, since its value follows. bash breaks words at "=" and
# ":" as well: those with nothing between them are one word again, and of an answer bash wants what follows the break.
_BASH = f"""\
_mvn_dask_completion() {{
    local IFS=$'\\n' line=$COMP_LINE count=0 number=0 i word begun words=()
    for ((i = 0; i < ${{#COMP_WORDS[@]}}; i++)); do
        word=${{COMP_WORDS[i]}}
        if [[ $count -gt 0 && -n $word && $line == "$word"* ]]; then
            words[count - 1]+=$word
        else
            line=${{line#"${{line%%[![:space:]]*}}"}}
            words[count++]=$word
        fi
        line=${{line#"$word"}}
        [[ $i -eq $COMP_CWORD ]] && number=$((count - 1))
    done
    word=${{COMP_WORDS[COMP_CWORD]}}
    [[ $word == [=:] ]] && word=
    begun=${{words[number]%"$word"}}
    COMPREPLY=( $( env COMP_WORDS="${{words[*]}}" \\
                   COMP_CWORD=$number \\
                   {_VARIABLE}=complete_bash $1 ) )
    COMPREPLY=( "${{COMPREPLY[@]#"$begun"}}" )
    [[ ${{#COMPREPLY[@]}} -eq 1 && ${{COMPREPLY[0]}} == *= ]] && compopt -o nospace
    return 0
}}

complete -o default -F _mvn_dask_completion {PROGRAM}"""


def completion_request(arguments: Sequence[str]) -> tuple[str, str | None] | None:
    """The option and the shell, if arguments ask for completion: typer's options take no value.

    Examples
    --------
    >>> completion_request(["--show-completion", "bash"]), completion_request(["--install-completion"])
    (('--show-completion', 'bash'), ('--install-completion', None))
    """
    option, sign, shell = arguments[0].partition("=") if arguments else ("", "", "")
    if option not in {"--show-completion", "--install-completion"}:
        return None
    return option, shell if sign else arguments[1] if len(arguments) > 1 else None


def complete_shell(option: str, shell: str | None) -> str:
    """Do what an option of completion asks for, for a shell, by default the one that called; the text to print.

    Raises ArgumentError if there is no such shell, or none is among the parents of this process.
    """
    from mvn_dask.errors import ArgumentError

    shell = shell or _parent_shell()
    if shell not in SHELLS:
        what = "no known shell has called this process" if shell is None else f"there is no script for {shell!r}"
        raise ArgumentError(f"{option}: {what}: name one of {', '.join(SHELLS)}, as in {option} bash")
    if option == "--show-completion":
        return script(shell)
    from typer.completion import install  # type: ignore[attr-defined]

    _, path = install(shell=shell, prog_name=PROGRAM, complete_var=_VARIABLE)
    if shell == "bash":
        path.write_text(script(shell), "utf-8")
    return f"completion in {shell} is installed in {path}: it begins with the next shell"


def script(shell: str) -> str:
    """The script that a shell reads."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    if shell == "bash":
        return _BASH
    text: str = get_completion_script(prog_name=PROGRAM, complete_var=_VARIABLE, shell=shell)
    return text


def _parent_shell() -> str | None:
    from shellingham import ShellDetectionFailure, detect_shell

    try:
        name: str = detect_shell()[0]
    except ShellDetectionFailure:
        return None
    return name


def one_of(*words: str) -> Callable[[str], list[str]]:
    """For typer: completes to these words."""

    def complete(incomplete: str) -> list[str]:
        return [word for word in words if word.startswith(incomplete)]

    return complete


def job_values(name: str) -> Callable[[str], list[str]]:
    """For typer: completes to the words that a key of a job file takes, as "sample.dtype"."""

    def complete(incomplete: str) -> list[str]:
        from mvn_dask.job.keys import known_keys, literal_values

        words = literal_values(known_keys()[tuple(name.split("."))].annotation)
        return [word for word in words if word.startswith(incomplete)]

    return complete


def job_keys(incomplete: str) -> list[str]:
    """For typer: completes ``KEY=VALUE`` to keys of a job file, and to their values where these are a few words.

    Examples
    --------
    >>> job_keys("sample.s"), job_keys("sample.dtype=")
    (['sample.seed=', 'sample.size='], ['sample.dtype=float32', 'sample.dtype=float64'])
    """
    from mvn_dask.job.keys import ESTIMATE, is_table, known_keys, literal_values

    found = []
    for key, info in known_keys().items():
        name = ".".join(key)
        if key[:-1] == ESTIMATE:  # a list of tables is set whole
            continue
        if incomplete.startswith(f"{name}="):
            found += [f"{name}={value}" for value in literal_values(info.annotation)]
        elif not is_table(info.annotation):
            found.append(f"{name}=")
    return sorted(each for each in found if each.startswith(incomplete))
