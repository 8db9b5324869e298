"""Lua: a script run, its result taken from the stack, by macros all of it."""
import kaa

l = kaa.load("liblua5.4.so.0", header=["lua.h", "lauxlib.h", "lualib.h"], package="lua5.4")

state = l.luaL_newstate()
l.luaL_openlibs(state)
assert l.luaL_dostring(state, "x = 6 * 7; return 'done'") == l.LUA_OK
assert l.lua_tostring(state, -1) == "done"
l.lua_pop(state, 1)
l.lua_getglobal(state, "x")
assert l.lua_isnil(state, -1) == 0 and l.lua_tointeger(state, -1) == 42
l.lua_pop(state, 1)
assert l.lua_gettop(state) == 0
l.lua_close(state)
print(l.LUA_RELEASE, 42)
