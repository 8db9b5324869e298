/* tests/library/chain.c - one link of a chain of libraries. */
int CHAIN_NAME(void);

#if defined(CHAIN_NEXT)
int CHAIN_NEXT(void);
int
CHAIN_NAME(void)
{
    return CHAIN_NEXT() + 1;
}
#else
int
CHAIN_NAME(void)
{
    return 1;
}
#endif
