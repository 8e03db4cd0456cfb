"""Units of pint, which takes most of a second to read their definitions."""

from typing import Any

import pint

UNITS: Any = pint.UnitRegistry()
"""A registry as users make one; pint_pandas has its own."""
