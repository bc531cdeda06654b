"""What a notebook needs on this machine, whether it is there, and what mends it."""

from .examination import examine, quick_checks

__all__ = ["examine", "quick_checks"]
