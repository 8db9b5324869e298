/* objects_peers.c - GLib, Jansson and Lua, found by dlopen, for bench_objects.
 * Each has lists (arrays) and dicts (tables) alone. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "objects.h"

static void
find(void *library, const char *name, void *out)
{
    void *symbol = dlsym(library, name);

    if (symbol == NULL)
        die(name);
    memcpy(out, &symbol, sizeof(symbol));
}

static void *
open_library(const char *name, const char *file)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);

    if (library == NULL)
        fprintf(stderr, "bench_objects: no %s: %s\n", name, dlerror());
    return library;
}

/* --- GLib: GPtrArray, GHashTable with copied keys ------------------------- */

static struct {
    void *(*array_new)(void);
    void (*array_add)(void *, void *);
    void (*array_unref)(void *);
    void *(*table_new)(void *, void *, void *, void *);
    int (*table_insert)(void *, void *, void *);
    void *(*table_lookup)(void *, const void *);
    void (*table_unref)(void *);
    char *(*strdup)(const char *);
    void *str_hash, *str_equal, *free;
} glib;

static void *glib_array, *glib_table;

static void
glib_list_build(void)
{
    glib_array = glib.array_new();
    for (uint32_t i = 0; i < MILLION; i++)
        glib.array_add(glib_array, (void *)(uintptr_t)(i * 2 + 1));
}

static void
glib_list_drop(void)
{
    glib.array_unref(glib_array);
}

static void
glib_dict_build(void)
{
    glib_table = glib.table_new(glib.str_hash, glib.str_equal, glib.free, NULL);
    for (uint32_t i = 0; i < MILLION; i++)
        glib.table_insert(glib_table, glib.strdup(keys[i]),
                          (void *)(uintptr_t)i);
}

static uint64_t
glib_dict_find(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < MILLION; i++)
        sum += (uintptr_t)glib.table_lookup(glib_table, keys[order[i]]);
    return sum;
}

static void
glib_dict_drop(void)
{
    glib.table_unref(glib_table);
}

int
start_glib(side *out)
{
    void *library = open_library("GLib", "libglib-2.0.so.0");

    if (library == NULL)
        return 0;
    find(library, "g_ptr_array_new", &glib.array_new);
    find(library, "g_ptr_array_add", &glib.array_add);
    find(library, "g_ptr_array_unref", &glib.array_unref);
    find(library, "g_hash_table_new_full", &glib.table_new);
    find(library, "g_hash_table_insert", &glib.table_insert);
    find(library, "g_hash_table_lookup", &glib.table_lookup);
    find(library, "g_hash_table_unref", &glib.table_unref);
    find(library, "g_strdup", &glib.strdup);
    find(library, "g_str_hash", &glib.str_hash);
    find(library, "g_str_equal", &glib.str_equal);
    find(library, "g_free", &glib.free);
    *out = (side){.name = "GLib",
                  .list_build = glib_list_build,
                  .list_drop = glib_list_drop,
                  .dict_build = glib_dict_build,
                  .dict_find = glib_dict_find,
                  .dict_drop = glib_dict_drop};
    return 1;
}

/* --- Jansson: json_array, json_object; its json_decref is inline ---------- */

typedef struct json {
    int type;
    size_t count;
} json;

static struct {
    json *(*array)(void);
    int (*append)(json *, json *);
    json *(*integer)(long long);
    long long (*value)(const json *);
    json *(*object)(void);
    int (*set)(json *, const char *, json *);
    json *(*get)(const json *, const char *);
    void (*delete)(json *);
} jansson;

static json *jansson_array, *jansson_object;

static void
jansson_drop(json *value)
{
    if (value->count != SIZE_MAX && --value->count == 0)
        jansson.delete(value);
}

static void
jansson_list_build(void)
{
    jansson_array = jansson.array();
    for (uint32_t i = 0; i < MILLION; i++)
        jansson.append(jansson_array, jansson.integer(i));
}

static void
jansson_list_drop(void)
{
    jansson_drop(jansson_array);
}

static void
jansson_dict_build(void)
{
    jansson_object = jansson.object();
    for (uint32_t i = 0; i < MILLION; i++)
        jansson.set(jansson_object, keys[i], jansson.integer(i));
}

static uint64_t
jansson_dict_find(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < MILLION; i++)
        sum += (uint64_t)jansson.value(
            jansson.get(jansson_object, keys[order[i]]));
    return sum;
}

static void
jansson_dict_drop(void)
{
    jansson_drop(jansson_object);
}

int
start_jansson(side *out)
{
    void *library = open_library("Jansson", "libjansson.so.4");

    if (library == NULL)
        return 0;
    find(library, "json_array", &jansson.array);
    find(library, "json_array_append_new", &jansson.append);
    find(library, "json_integer", &jansson.integer);
    find(library, "json_integer_value", &jansson.value);
    find(library, "json_object", &jansson.object);
    find(library, "json_object_set_new", &jansson.set);
    find(library, "json_object_get", &jansson.get);
    find(library, "json_delete", &jansson.delete);
    *out = (side){.name = "Jansson",
                  .list_build = jansson_list_build,
                  .list_drop = jansson_list_drop,
                  .dict_build = jansson_dict_build,
                  .dict_find = jansson_dict_find,
                  .dict_drop = jansson_dict_drop};
    return 1;
}

/* --- Lua 5.4: tables; what is dropped is freed by a collection ------------ */

typedef struct lua_State lua_State;

static struct {
    lua_State *(*newstate)(void);
    void (*createtable)(lua_State *, int, int);
    void (*pushinteger)(lua_State *, long long);
    long long (*tointegerx)(lua_State *, int, int *);
    void (*rawseti)(lua_State *, int, long long);
    void (*setfield)(lua_State *, int, const char *);
    int (*getfield)(lua_State *, int, const char *);
    void (*settop)(lua_State *, int);
    int (*gc)(lua_State *, int, ...);
} lua;

static lua_State *lua_state;

static void
lua_list_build(void)
{
    lua.createtable(lua_state, 0, 0);
    for (uint32_t i = 0; i < MILLION; i++) {
        lua.pushinteger(lua_state, i);
        lua.rawseti(lua_state, -2, (long long)i + 1);
    }
}

static void
lua_drop(void)
{
    lua.settop(lua_state, 0);
    lua.gc(lua_state, 2 /* LUA_GCCOLLECT */, 0);
}

static void
lua_dict_build(void)
{
    lua.createtable(lua_state, 0, 0);
    for (uint32_t i = 0; i < MILLION; i++) {
        lua.pushinteger(lua_state, i);
        lua.setfield(lua_state, -2, keys[i]);
    }
}

static uint64_t
lua_dict_find(void)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < MILLION; i++) {
        lua.getfield(lua_state, -1, keys[order[i]]);
        sum += (uint64_t)lua.tointegerx(lua_state, -1, NULL);
        lua.settop(lua_state, -2);
    }
    return sum;
}

int
start_lua(side *out)
{
    void *library = open_library("Lua", "liblua5.4.so.0");

    if (library == NULL)
        return 0;
    find(library, "luaL_newstate", &lua.newstate);
    find(library, "lua_createtable", &lua.createtable);
    find(library, "lua_pushinteger", &lua.pushinteger);
    find(library, "lua_tointegerx", &lua.tointegerx);
    find(library, "lua_rawseti", &lua.rawseti);
    find(library, "lua_setfield", &lua.setfield);
    find(library, "lua_getfield", &lua.getfield);
    find(library, "lua_settop", &lua.settop);
    find(library, "lua_gc", &lua.gc);
    lua_state = lua.newstate();
    if (lua_state == NULL)
        die("luaL_newstate");
    lua.gc(lua_state, 0 /* LUA_GCSTOP */, 0);
    *out = (side){.name = "Lua",
                  .list_build = lua_list_build,
                  .list_drop = lua_drop,
                  .dict_build = lua_dict_build,
                  .dict_find = lua_dict_find,
                  .dict_drop = lua_drop};
    return 1;
}
