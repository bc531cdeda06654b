from pathlib import Path

import geopandas as gpd
import pandas as pd


def read_any(path):
    if path.endswith(".csv"):
        return pd.read_csv(path)
    elif path.endswith((".xls", ".xlsx")):
        return pd.read_excel(path)
    raise ValueError(path)


def read_map(path):
    return gpd.read_file(path) if Path(path).suffix == ".gpkg" else pd.read_json(path)


def read_raster(path):
    if path.endswith(".tif"):
        return open(path, "rb")
    return pd.read_csv(path)
