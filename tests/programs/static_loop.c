// flags: -static
/* Linked statically: nothing in it could load a library. Waits for its end. */
#include <unistd.h>

int main(void)
{
	for (;;)
		pause();
}
