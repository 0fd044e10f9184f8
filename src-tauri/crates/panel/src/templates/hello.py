# Runs on Python 3. `args` is the JSON object that you send; what you return is the result.
def main(args):
    name = args.get("name", "stranger")
    print(f"Greeting {name}")
    return {"body": f"Hello {name}!"}
