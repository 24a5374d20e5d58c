/* What ps(1) shows of a process: the text that /proc/PID/cmdline holds. */
#ifndef LXCBOX_CORE_RUN_TITLE_H
#define LXCBOX_CORE_RUN_TITLE_H

/*
 * Show `title` from now on; it must stay where it is for as long as the process lives. A kernel built without
 * CONFIG_CHECKPOINT_RESTORE shows what it showed before. Source: prctl(2), PR_SET_MM_MAP (3.18).
 */
void title_set(const char *title);

#endif
