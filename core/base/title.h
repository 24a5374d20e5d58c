/* The title of a process in ps(1): the text of /proc/PID/cmdline. */
#ifndef LXCBOX_CORE_BASE_TITLE_H
#define LXCBOX_CORE_BASE_TITLE_H

/*
 * Set the title. The string must stay valid until the process ends. No effect on a kernel without
 * CONFIG_CHECKPOINT_RESTORE. Source: prctl(2), PR_SET_MM_MAP (3.18).
 */
void title_set(const char *title);

#endif
