import os
import subprocess
import sys

subprocess.check_call([sys.executable, "-m", "pip", "install", "rasterio"])
os.system("pip install xlsxwriter")
subprocess.run("pip install --upgrade polars", shell=True, check=True)
subprocess.run(["git", "clone", "https://example.org/pip-install.git"], check=True)
print("pip install is not needed here")
