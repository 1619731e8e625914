/*
 * libresolver_user.so - has a pointer to the indirect function of libresolver.so in its data: the loader resolves it when it relocates
 * this library, which is after that one and before any that was preloaded.
 */
int indirect(void);

int (*volatile resolved_early)(void) = indirect;
