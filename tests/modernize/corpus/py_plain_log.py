import logging

logging.basicConfig(level="INFO")
log = logging.getLogger(__name__)


def say(message):
    """Print; asks no current_run."""
    print(message)
    log.info(message)


say("ready")
current_run = {"id": 3}
if current_run is not None:
    number = current_run["id"]
