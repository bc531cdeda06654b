import psycopg2
from openhexa.sdk import workspace

connection = psycopg2.connect(
    host=workspace.database_host,
    port=workspace.database_port,
    user=workspace.database_username,
    password=workspace.database_password,
    dbname=workspace.database_name,
)
with connection, connection.cursor() as cursor:
    cursor.execute("SELECT count(*) FROM cases")
    count = cursor.fetchone()[0]
connection.close()
