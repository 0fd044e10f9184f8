def main(args):
    return {"body": f"Hello {args.get('name', 'stranger')}!"}
