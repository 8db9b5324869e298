"""SDL2: events, a union of structs, pushed, filtered by a callback and polled."""
import os

import kaa

os.environ["SDL_VIDEODRIVER"] = "dummy"
s = kaa.load("libSDL2-2.0.so.0", header="SDL2/SDL.h")

assert s.SDL_Init(s.SDL_INIT_EVENTS) == 0
s.SDL_FlushEvents(s.SDL_FIRSTEVENT, s.SDL_LASTEVENT)
watched = []


def watch(user, event):
    watched.append((kaa.object(user), event.type))
    return 1


handle = kaa.handle("mine")
s.SDL_AddEventWatch(watch, handle)
event = s.SDL_Event()
event.type = s.SDL_KEYDOWN
event.key.keysym.sym = s.SDLK_a
event.key.repeat = 3
assert s.SDL_PushEvent(event) == 1
event = s.SDL_Event(type=s.SDL_USEREVENT)
event.user.code = 2**31 - 1
event.user.data1 = handle
assert s.SDL_PushEvent(event) == 1
try:
    event.user.code = 2**31
except OverflowError:
    pass
else:
    raise AssertionError("a number was cut")

got = s.SDL_Event()
assert s.SDL_PollEvent(got) == 1 and got.type == s.SDL_KEYDOWN
assert (got.key.keysym.sym, got.key.repeat) == (s.SDLK_a, 3)
assert s.SDL_PollEvent(got) == 1 and got.type == s.SDL_USEREVENT
assert got.user.code == 2**31 - 1 and kaa.object(got.user.data1) == "mine"
assert s.SDL_PollEvent(got) == 0
s.SDL_DelEventWatch(watch, handle)

assert watched[:2] == [("mine", s.SDL_KEYDOWN), ("mine", s.SDL_USEREVENT)]
kaa.release(handle)
s.SDL_Quit()
print(f"SDL {s.SDL_MAJOR_VERSION}.{s.SDL_MINOR_VERSION}: {len(watched)} events")
