"""Makes the calls that it is told to with DigitalOcean's own Python client, and says what came of each.

A line of JSON in, `{"group", "operation", "arguments"}`; a line out, `{"answer"}` or `{"status", "error"}`.
"""

import json
import sys

from azure.core.exceptions import HttpResponseError
from pydo import Client

url, token = sys.argv[1:]
client = Client(token=token, endpoint=url)
for line in sys.stdin:
    call = json.loads(line)
    operation = getattr(getattr(client, call["group"]), call["operation"])
    try:
        # The client has a guard against sending tokens over plain HTTP, which on this machine is as it should be.
        said = {"answer": operation(**call["arguments"], enforce_https=False)}
    except HttpResponseError as error:
        said = {"status": error.status_code, "error": error.response.json()}
    print(json.dumps(said), flush=True)
