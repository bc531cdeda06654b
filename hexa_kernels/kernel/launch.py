"""Start the Python kernel: ``python -m hexa_kernels.kernel.launch -f FILE``."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # ``-m`` puts the notebook's folder first: a random.py there would replace the
    # library's during the start. IPython puts the folder back once it is up.
    del sys.path[0]

from .budget import budget

budget.step("python")

# What these imports take is a step of its own.
from ipykernel.ipkernel import IPythonKernel  # noqa: E402
from ipykernel.kernelapp import IPKernelApp  # noqa: E402
from traitlets import Type  # noqa: E402

budget.step("ipykernel")


class OpenHexaKernel(IPythonKernel):
    """ipykernel's kernel with a shell that knows the startup names."""

    try:
        from .shell import ZMQInteractiveShell as _shell

        shell_class = Type(_shell)
    except BaseException as error:  # a broken installation still runs 1 + 1
        print(f"hexa_kernels: plain kernel, because of {error!r}", file=sys.stderr)


budget.step("hexa_kernels")


class OpenHexaApp(IPKernelApp):
    """ipykernel's application, which knows when its start is over."""

    def start(self):
        budget.step("kernel")
        super().start()


def main():
    OpenHexaApp.launch_instance(kernel_class=OpenHexaKernel)


if __name__ == "__main__":
    main()
