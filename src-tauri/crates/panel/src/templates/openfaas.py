# OpenFaaS on Python (python3-http template). `event` has body (bytes), headers, method, path and query.
import json


def handle(event, context):
    given = json.loads(event.body) if event.body else {}
    name = given.get("name") or event.query.get("name", "stranger")
    print(f"Greeting {name}")
    return {"statusCode": 200, "body": {"message": f"Hello {name}!"}}
