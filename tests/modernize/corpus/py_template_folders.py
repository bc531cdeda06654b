import os

folder = "data"
paths = [
    "/home/hexa/workspace/{}/{}.csv".format(folder, "cases"),
    "/home/hexa/workspace/%s/cases.csv" % folder,
    f"/home/jovyan/workspace/{folder}/cases.csv",
]
there = [os.path.exists(path) for path in paths]
odd = [name for name in os.listdir("/home/hexa/workspace") if "{" in name or "%" in name]
