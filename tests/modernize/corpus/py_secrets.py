import os
from getpass import getpass

import requests

API_TOKEN = "pat_9f8e7d6c5b4a39281706f5e4d3c2b1a0"
dhis = dict(
    url="https://dhis2.example.org",
    username="report",
    password="Paludisme-1234",
)
headers = {"Authorization": "Bearer 3f0c9d8e7b6a5f4e3d2c1b0a"}
key = "AKIAIOSFODNN7EXAMPLE"
dsn = "postgresql://reader:n0t-a-real-one@10.1.2.3/surveillance"

password = os.environ["DHIS2_PW"]
password = getpass("Password: ")
password = ""
token = "<your token>"
password_column = "pwd"
session = requests.Session()
session.headers["Accept"] = "application/json"
