"""Removal of credentials from messages. Input: texts or log records, and options that may hold credentials."""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

MIN_SECRET_LENGTH = 4
"""Characters of the shortest text that the log filter removes: shorter ones are parts of ordinary words."""
PLAIN_OPTIONS = frozenset({
    # of clusters
    "account", "cluster_name", "cores", "dashboard_address", "death_timeout", "host", "image", "interface",
    "local_directory", "log_directory", "memory", "memory_limit", "name", "namespace", "port", "project", "protocol",
    "queue", "shebang", "walltime",
    # of object stores
    "account_name", "allow_http", "bucket", "checksum", "conditional_put", "connect_timeout", "container_name",
    "default_region", "endpoint", "endpoint_url", "imdsv1_fallback", "pool_idle_timeout", "region", "request_payer",
    "s3_express", "skip_signature", "timeout", "use_emulator", "virtual_hosted_style_request",
})  # fmt: skip
"""Names of options that hold no credentials: of clusters, and of object stores, whose prefixes such as ``aws_`` are
left out. A text under any other name may be one."""
_PREFIX = re.compile(r"^(aws|google|azure|azure_storage)_", re.IGNORECASE)
_CREDENTIAL_IN_URL = re.compile(r"[@?]")
_RECORD_FIELDS = vars(logging.makeLogRecord({})).keys() | {"message", "asctime", "taskName"}


def redact(text: str, options: object) -> str:
    """A text in which every text in some options is replaced.

    Examples
    --------
    >>> redact("Forbidden: key hunter2 is unknown", {"client": {"key": "hunter2"}})
    'Forbidden: key … is unknown'
    """
    # The longest first: one secret may begin with another.
    for secret in sorted(filter(None, secret_texts(options)), key=len, reverse=True):
        text = text.replace(secret, "…")
    return text


def secret_texts(options: object) -> Iterator[str]:
    """Every text inside options that may be a credential.

    Examples
    --------
    >>> list(secret_texts({"dashboard_address": "127.0.0.1:8787", "token": "hunter2", "endpoint": "http://a:b@c"}))
    ['hunter2', 'http://a:b@c']
    """
    if isinstance(options, Mapping):
        for name, value in options.items():
            plain = _PREFIX.sub("", str(name).lower()) in PLAIN_OPTIONS
            # A plain URL may hold a password or a signature all the same.
            if not (plain and isinstance(value, str) and not _CREDENTIAL_IN_URL.search(value)):
                yield from secret_texts(value)
    elif isinstance(options, (list, tuple, set)):
        for value in options:
            yield from secret_texts(value)
    elif isinstance(options, bytes):
        yield options.decode(errors="replace")
    elif isinstance(options, str):
        yield options


class RedactSecrets(logging.Filter):
    """Replaces credentials in the message, the extra fields and the traceback of every record.

    Parameters
    ----------
    *options : object
        Mappings, lists or texts that may hold credentials.

    Examples
    --------
    >>> record = logging.makeLogRecord({"msg": "key %s is unknown", "args": ("hunter2",)})
    >>> RedactSecrets({"key": "hunter2"}).filter(record), record.getMessage()
    (True, 'key … is unknown')
    """

    def __init__(self, *options: object) -> None:
        super().__init__()
        self._secrets: set[str] = set()
        self.add(*options)

    def add(self, *options: object) -> None:
        """Redact the texts in these options as well, from now on."""
        self._secrets |= {text for text in secret_texts(options) if len(text) >= MIN_SECRET_LENGTH}

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage(), self._secrets), None
        for name, value in extra_fields(record).items():
            if isinstance(value, str):
                setattr(record, name, redact(value, self._secrets))
        if record.exc_info:
            # Formatters take this text where it is set, and format the exception themselves where it is not.
            record.exc_text = redact("".join(traceback.format_exception(*record.exc_info)).rstrip(), self._secrets)
        return True


def extra_fields(record: logging.LogRecord) -> dict[str, Any]:
    """The fields that a caller gave as ``extra``."""
    return {name: value for name, value in vars(record).items() if name not in _RECORD_FIELDS}
