"""Options may hold credentials: what is told of them to people, logs and stores holds none."""

from collections.abc import Iterator, Mapping


def redact(text: str, options: object) -> str:
    """A text without any of the secret_texts in some options.

    Examples
    --------
    >>> redact("Forbidden: key hunter2 is unknown", {"client": {"key": "hunter2"}})
    'Forbidden: key … is unknown'
    """
    for secret in sorted(filter(None, secret_texts(options)), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def secret_texts(options: object) -> Iterator[str]:
    """Everything in options that is text, and may be secret."""
    if isinstance(options, Mapping):
        for value in options.values():
            yield from secret_texts(value)
    elif isinstance(options, (list, tuple)):
        for value in options:
            yield from secret_texts(value)
    elif isinstance(options, bytes):
        yield options.decode(errors="replace")
    elif isinstance(options, str):
        yield options
