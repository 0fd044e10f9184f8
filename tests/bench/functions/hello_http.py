import json


def handle(event, context):
    return {"statusCode": 200, "body": {"body": f"Hello {json.loads(event.body).get('name', 'stranger')}!"}}
