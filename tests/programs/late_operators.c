/*
 * late_operators - a C program that loads a C++ plugin: operator new comes into the process after start-up, outside the
 * search order that the recorder's library sees.
 *
 * Breaks recorders that look for the real operator new once, or by way of a module that was not opened by name: a crash at the
 * first `new` of the plugin. 3 times: dlopen, 4 strings of 600 bytes in `late_string`, allocated by new and freed by delete, dlclose.
 */
#include <dlfcn.h>

#include "known.h"

int main(void)
{
	for (int round = 0; round < 3; round++) {
		void *h = dlopen("liblate_cxx.so", RTLD_NOW);
		if (!h)
			give_up("%s", dlerror());
		void (*late_string)(size_t);
		*(void **)&late_string = dlsym(h, "late_string");
		if (!late_string)
			give_up("%s", dlerror());
		for (int i = 0; i < 4; i++)
			late_string(600);
		dlclose(h);
	}
	say(1, "done\n");
	return 0;
}
