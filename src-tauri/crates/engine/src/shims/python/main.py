def _warm():
    """Imports what many functions import, in an interpreter that has the time. What is there then is told: of a module
    of the same name, a function that brings one along would not get its own."""
    import asyncio, base64, datetime, hashlib, http.client, logging, random, re, socket, ssl, urllib.parse, urllib.request

    return sorted({name.partition(".")[0] for name in sys.modules} - {"__main__"})


def _main():
    _capture()
    hello = {"language": "python", "version": sys.version.split()[0]}
    if sys.argv[1:] == ["cell"]:
        del sys.argv[1:]
        hello["modules"] = _warm()
    _send_header(HELLO, hello)
    while True:
        kind, header, body = _next_frame()
        if kind == RUN:
            _run(header, body)
        elif kind == INIT:
            _init(header, body)
            if _shared and inspect.iscoroutinefunction(_handler):
                _serve_on_loop()
            elif _shared:
                _serve_on_threads(header["runs"])
        else:
            os._exit(70)


try:
    _main()
except SystemExit:
    _flush()
    raise
