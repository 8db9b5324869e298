/* Another tool's hook, in an object of its own, as those of tools are. */
#include <sys/types.h>

extern pid_t (*foreign_before)(void);
extern int foreign_calls;
pid_t foreign(void);

pid_t (*foreign_before)(void);
int foreign_calls;

pid_t
foreign(void)
{
    foreign_calls++;
    return foreign_before();
}
