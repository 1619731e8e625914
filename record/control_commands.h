/*
 * control_commands.h - what the commands of --control do to a recording, for struct control_server.
 *
 *   pause, resume    births are not recorded / are recorded again, from now on; asking twice changes nothing and is no error
 *   snapshot [NAME]  a SNAPSHOT event; without a name it is called control-1, control-2, ...; answers with the name
 *   mark TEXT        a MARK event
 *   stop             recording->stop_asked: the owner ends the recording and answers those that wait (control_answer_waiting)
 *   status           one line of name=value
 *
 * Everything but status is refused while the program has not started, everything but status and stop when the trace is full
 * (recording->stopped). Thread-safety: one thread. Not signal-safe.
 */
#ifndef MS_RECORD_CONTROL_COMMANDS_H
#define MS_RECORD_CONTROL_COMMANDS_H

#include "control_server.h"

/* control_handler; context = struct recording. */
void control_command(void *context, const struct control_request *request, struct control_answer *answer);

#endif
