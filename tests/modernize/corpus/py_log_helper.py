from openhexa.sdk import current_run


def log(message, level="info"):
    """Print, and tell the run when there is one."""
    print(f"[{level}] {message}")
    if current_run is not None:
        if level == "info":
            current_run.log_info(message)
        elif level == "warning":
            current_run.log_warning(message)
        else:
            current_run.log_error(message)


def double(numbers):
    log(f"doubling {len(numbers)} numbers")
    return [2 * number for number in numbers]


doubled = double([1, 2, 3])
log("fin de l'étape", level="warning")
