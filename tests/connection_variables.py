"""Environment variables that describe connections, for tests of them."""

import json

from .server import s3 as s3_server


def s3_variables(prefix, server, key=s3_server.OWNER, bucket="data"):
    return {
        prefix: "s3",
        f"{prefix}_ACCESS_KEY_ID": key.access,
        f"{prefix}_ACCESS_KEY_SECRET": key.secret,
        f"{prefix}_BUCKET_NAME": bucket,
        "AWS_ENDPOINT_URL_S3": server.url,
        "AWS_REGION": s3_server.REGION,
    }


def gcs_variables(prefix, server, bucket="data", account=None):
    return {
        prefix: "gcs",
        f"{prefix}_SERVICE_ACCOUNT_KEY": json.dumps(account or server.account),
        f"{prefix}_BUCKET_NAME": bucket,
        "STORAGE_EMULATOR_HOST": server.url,
    }


def postgresql_variables(prefix, database):
    return {
        prefix: "postgresql",
        f"{prefix}_HOST": database.host,
        f"{prefix}_PORT": str(database.port),
        f"{prefix}_USERNAME": database.username,
        f"{prefix}_PASSWORD": database.password,
        f"{prefix}_DB_NAME": database.name,
    }


def service_variables(prefix, kind, url, username, password):
    fields = {"URL": url, "USERNAME": username, "PASSWORD": password}
    return {prefix: kind, **{f"{prefix}_{name}": text for name, text in fields.items()}}


def custom_variables(prefix, **fields):
    values = {f"{prefix}_{name.upper()}": text for name, text in fields.items()}
    return {prefix: "custom", **values}
