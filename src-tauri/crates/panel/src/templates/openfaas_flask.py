# OpenFaaS on Python (python3-flask template). `req` is the body as text; return text, optionally with a status.
import json


def handle(req):
    name = (json.loads(req) if req else {}).get("name", "stranger")
    print(f"Greeting {name}")
    return json.dumps({"message": f"Hello {name}!"}), 200, {"Content-Type": "application/json"}
