# Scaleway on Python. `event` is the request as an API gateway describes it; the answer has a status, headers and a body.
import json


def handle(event, context):
    given = json.loads(event["body"]) if event.get("body") else event.get("queryStringParameters") or {}
    name = given.get("name", "stranger")
    print(f"Greeting {name}")
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"message": f"Hello {name}!"}),
    }
