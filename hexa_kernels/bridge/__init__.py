"""R from a Python notebook: the magics ``%%R`` and ``%R`` and their engines."""
