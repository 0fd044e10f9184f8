# Several runs at a time, of a coroutine function: on one event loop.

def _serve_on_loop():
    """Reads and calls on one event loop."""
    global _loop
    import asyncio

    _loop = asyncio.new_event_loop()
    asyncio.set_event_loop(_loop)
    tasks = set()
    large = bytearray()

    def start(header, body):
        # Only tasks that are held are sure to be finished.
        task = contextvars.Context().run(_loop.create_task, _run_on_loop(header, body))
        tasks.add(task)
        task.add_done_callback(ended)

    def ended(task):
        tasks.discard(task)
        if not task.cancelled():
            task.exception()

    def readable():
        global _buffer
        try:
            piece = os.read(3, 65536)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            _leave()
        # A large body arrives in many pieces; joining them one by one would be quadratic.
        if large or (_buffer and len(_buffer) >= 4):
            large.extend(_buffer)
            large.extend(piece)
            _buffer = b""
            if len(large) < 4 + int.from_bytes(large[:4], "little"):
                return
            _buffer = bytes(large)
            large.clear()
        else:
            _buffer += piece
        while True:
            frame = _cut()
            if frame is None:
                return
            start(frame[1], frame[2])

    _loop.add_reader(3, readable)
    while True:
        frame = _cut()  # what came together with the first
        if frame is None:
            break
        start(frame[1], frame[2])
    _loop.run_forever()
