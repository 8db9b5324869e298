/* What a watch of reference counts asks an interpreter for, made up. In an
 * object of its own, so that its names are no others'. */
#include <stddef.h>
#include <stdint.h>

#define MADE_UP __attribute__((visibility("default")))

MADE_UP int64_t counted_state[16];
MADE_UP int64_t PyCode_Type[64];

/* Names as CPython's are. */
MADE_UP void *PyEval_SaveThread(void);
MADE_UP void PyEval_RestoreThread(void *state);
MADE_UP void *PyGILState_GetThisThreadState(void);
MADE_UP void *PyThreadState_Get(void);
MADE_UP void *PyThreadState_GetUnchecked(void);
MADE_UP void Py_IncRef(int64_t *object);
MADE_UP void Py_DecRef(int64_t *object);
MADE_UP int PyCode_Addr2Line(void *code, int at);
MADE_UP void *PyEval_GetFrame(void);
MADE_UP void *PyFrame_GetCode(void *frame);
MADE_UP void *PyFrame_GetBack(void *frame);
MADE_UP int PyFrame_GetLineNumber(void *frame);
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): CPython's name */
MADE_UP int _PyEval_EvalFrameDefault(void (*work)(int64_t *), int64_t *object);

void *
PyEval_SaveThread(void)
{
    return counted_state;
}

void
PyEval_RestoreThread(void *state)
{
    (void)state;
}

void *
PyGILState_GetThisThreadState(void)
{
    return counted_state;
}

void *
PyThreadState_Get(void)
{
    return counted_state;
}

void *
PyThreadState_GetUnchecked(void)
{
    return counted_state;
}

void
Py_IncRef(int64_t *object)
{
    ++*object;
}

void
Py_DecRef(int64_t *object)
{
    --*object;
}

int
PyCode_Addr2Line(void *code, int at)
{
    (void)code;
    return at;
}

void *
PyEval_GetFrame(void)
{
    return NULL;
}

void *
PyFrame_GetCode(void *frame)
{
    (void)frame;
    return NULL;
}

void *
PyFrame_GetBack(void *frame)
{
    (void)frame;
    return NULL;
}

int
PyFrame_GetLineNumber(void *frame)
{
    (void)frame;
    return 0;
}

/* The end is no call that returns for this function. */
/* NOLINTNEXTLINE(bugprone-reserved-identifier,cert-dcl*): CPython's name */
int
_PyEval_EvalFrameDefault(void (*work)(int64_t *), int64_t *object)
{
    work(object);
    return object != NULL;
}
