# Reads, writes, sends and receives, and prints for each line `line bytes` by its own account. Begins when it hears a byte.
import os
import socket
import sys

rounds, folder = int(sys.argv[1]), sys.argv[2]
account = {}


def took(result):
    size = result if isinstance(result, int) else len(result)
    line = sys._getframe(1).f_lineno
    account[line] = account.get(line, 0) + size
    return result


def work(out, both, source, left, right, i):
    took(os.write(out, b"x" * 3000))
    took(os.write(out, b"y" * (500 + i % 300)))
    took(os.write(both, b"a" * 2000))
    if i % 3 == 0:
        took(os.write(both, b"b" * 2000))
    took(os.pread(source, 4096, 0))
    took(source_file.read(700))
    took(left.send(b"z" * 1500))
    took(right.recv(1500, socket.MSG_WAITALL))


os.read(0, 1)
path = os.path.join(folder, "python")
out = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
both = os.open(path + ".both", os.O_CREAT | os.O_RDWR, 0o600)
os.write(out, b"q" * 8192)
server = socket.create_server(("127.0.0.1", 0))
left = socket.create_connection(server.getsockname())
right, _ = server.accept()
for i in range(rounds):
    with open(path, "rb", buffering=0) as source_file:
        work(out, both, out, left, right, i)
for line, size in account.items():
    print(line, size)
