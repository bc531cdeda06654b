"""A pipeline that transfers reporting rates."""

import logging
import os

import pandas as pd
from openhexa.sdk import current_run, parameter, pipeline, workspace

LOGS = "/home/jovyan/tmp/logs"
logging.basicConfig(filename=os.path.join(LOGS, "run.log"))


@pipeline("reporting-rates")
@parameter("year", type=int, default=2024)
@parameter("folder", type=str, default="/home/jovyan/workspace/rates")
def reporting_rates(year, folder):
    rates = read_rates(folder, year)
    rates.to_csv(f"{workspace.files_path}/rates/{year}.csv")
    current_run.log_info("done")


@reporting_rates.task
def read_rates(folder, year):
    return pd.read_csv(f"{folder}/{year}.csv")


if __name__ == "__main__":
    reporting_rates()
