// main.cc - the C program is C++11 as well.
#include "main.c"
