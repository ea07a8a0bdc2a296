# Works and rests by turns until it is killed, for the tests on other kernels.
import time


def python_works(n):
    total = 0
    for i in range(n):
        total += i * i
    return total


def python_grows(held):
    held.append(bytearray(2_000_000))
    if len(held) > 20:
        held.clear()


def python_rests():
    time.sleep(0.02)


held = []
while True:
    python_works(50_000)
    python_grows(held)
    python_rests()
