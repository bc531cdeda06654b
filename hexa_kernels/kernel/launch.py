"""Start the Python kernel: ``python -m hexa_kernels.kernel.launch -f FILE``."""

import sys
from contextlib import suppress

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
from traitlets.config.loader import (  # noqa: E402
    ConfigFileNotFound,
    PyFileConfigLoader,
)

budget.step("ipykernel")


class OpenHexaKernel(IPythonKernel):
    """ipykernel's kernel with a shell that knows the startup names."""

    try:
        from .shell import ZMQInteractiveShell as _shell

        shell_class = Type(_shell)
    except BaseException as error:  # a broken installation still runs 1 + 1
        print(f"hexa_kernels: plain kernel, because of {error!r}", file=sys.stderr)


budget.step("hexa_kernels")


class ProfileLoader(PyFileConfigLoader):
    """Reads a configuration file; tells of one that fails, which stops nothing."""

    def load_config(self):
        try:
            return super().load_config()
        except ConfigFileNotFound:
            raise
        except Exception as error:
            with suppress(ImportError):  # of a broken installation
                from .shell import profile_failed

                profile_failed(error, self.full_filename)
            raise


class OpenHexaApp(IPKernelApp):
    """ipykernel's application, which knows when its start is over."""

    python_config_loader_class = ProfileLoader

    def start(self):
        budget.step("kernel")
        super().start()


def main():
    OpenHexaApp.launch_instance(kernel_class=OpenHexaKernel)


if __name__ == "__main__":
    main()
