from openhexa.sdk import current_run


def double(numbers):
    if current_run is not None:
        current_run.log_info(f"doubling {len(numbers)} numbers")
    else:
        print(f"doubling {len(numbers)} numbers")
    return [2 * number for number in numbers]


def log(message, level="info"):
    if current_run is None:
        print(f"[{level}] {message}")
        return
    getattr(current_run, f"log_{level}")(message)


doubled = double([1, 2, 3])
try:
    current_run.log_warning("presque fini")
except AttributeError:
    print("presque fini")
current_run.log_error("aucun") if current_run and not doubled else print(doubled)
if current_run:
    current_run.log_info("fin")
log("fini", level="critical")
