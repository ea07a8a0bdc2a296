# What an editor at rest does: a dozen threads that wait for work, a clock of 20 ms, and a look at a folder now and then.
import os
import queue
import threading
import time

work = queue.Queue()


def worker():
    while True:
        work.get()


def watch():
    while True:
        os.listdir("/usr/lib")
        time.sleep(1)


for _ in range(12):
    threading.Thread(target=worker, daemon=True).start()
threading.Thread(target=watch, daemon=True).start()
while True:
    time.sleep(0.02)
    work.put(1)
