# Shows what an error looks like: an exception becomes an application error, with its traceback in the logs.
def main(args):
    divisor = args.get("divisor", 0)
    return {"quotient": 42 / divisor}
