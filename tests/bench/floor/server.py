"""The least that Python can do for an HTTP request: one thread, epoll, no library. Prints its port."""
import json
import select
import socket

server = socket.create_server(("127.0.0.1", 0), backlog=128)
server.setblocking(False)
print(server.getsockname()[1], flush=True)
poll = select.epoll()
poll.register(server.fileno(), select.EPOLLIN)
open_now = {}


def answer(body):
    return json.dumps({"body": f"Hello {json.loads(body).get('name', 'stranger')}!"}).encode()


def serve(connection, had):
    """What is left over after answering; None when the caller has gone."""
    new = connection.recv(65536)
    if not new:
        return None
    had += new
    end = had.find(b"\r\n\r\n")
    if end < 0:
        return had
    at = had.lower().find(b"content-length:", 0, end)
    length = int(had[at + 15 : had.find(b"\r\n", at)])
    if len(had) < end + 4 + length:
        return had
    text = answer(had[end + 4 : end + 4 + length])
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)
    )
    return b""


while True:
    for number, _ in poll.poll():
        if number == server.fileno():
            connection, _ = server.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            open_now[connection.fileno()] = [connection, b""]
            poll.register(connection.fileno(), select.EPOLLIN)
            continue
        left = serve(*open_now[number])
        if left is None:
            poll.unregister(number)
            open_now.pop(number)[0].close()
        else:
            open_now[number][1] = left
