"""SDL2: a surface painted without a window; macros with parameters."""
import os

import kaa

os.environ["SDL_VIDEODRIVER"] = "dummy"
s = kaa.load("libSDL2-2.0.so.0", header="SDL2/SDL.h")

assert s.SDL_Init(s.SDL_INIT_VIDEO) == 0
surface = s.SDL_CreateRGBSurfaceWithFormat(0, 8, 4, 32, s.SDL_PIXELFORMAT_ARGB8888)
assert s.SDL_FillRect(surface, s.SDL_Rect(1, 1, 2, 2), 0xFF00FF00) == 0
assert s.SDL_BUTTON(3) == 4 and s.SDL_BYTESPERPIXEL(s.SDL_PIXELFORMAT_ARGB8888) == 4
assert s.SDL_WINDOWPOS_CENTERED == 0x2FFF0000
s.SDL_FreeSurface(surface)
s.SDL_Quit()
print(f"SDL {s.SDL_MAJOR_VERSION}.{s.SDL_MINOR_VERSION}: {len(dir(s))} names")
