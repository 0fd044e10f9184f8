# Spaces on Python, plain or async. `req` has method, path, headers, query and body (bytes).
import json


async def handle(req):
    name = (json.loads(req.body) if req.body else {}).get("name", "stranger")
    print(f"Greeting {name}")
    return {"status_code": 200, "body": {"message": f"Hello {name}!"}}
