"""libuv: a loop with a timer that calls back three times."""

import kaa

u = kaa.load("libuv.so.1", header="uv.h")

loop, timer = u.uv_loop_t(), u.uv_timer_t()
ticks = []

def tick(handle):
    ticks.append(len(ticks))
    if len(ticks) == 3:
        u.uv_timer_stop(handle)

assert u.uv_loop_init(loop) == 0
assert u.uv_timer_init(loop, timer) == 0
assert u.uv_timer_start(timer, tick, 1, 1) == 0
u.uv_run(loop, u.UV_RUN_DEFAULT)
assert ticks == [0, 1, 2]
print("libuv", u.uv_version_string(), ticks)
