"""``python -m hexa_kernels``: the command ``hexa-kernels``."""

from .cli import main

main(prog_name="hexa-kernels")
