import argparse

import pandas as pd


def load(name, root="/home/hexa/workspace/data"):
    """Read a table, by default from /home/hexa/workspace/data."""
    return pd.read_csv(f"{root}/{name}.csv")


class Config:
    root: str = "/home/jovyan/workspace"
    scratch: str = "/home/jovyan/tmp"


parser = argparse.ArgumentParser()
parser.add_argument("--root", default="/home/hexa/workspace")
arguments = parser.parse_args([])
first = load("cases")["district"].iloc[0]
second = pd.read_csv(arguments.root + "/data/cases.csv")["district"].iloc[1]
same = arguments.root.rsplit("/", 1)[1] == Config.root.rsplit("/", 1)[1]
