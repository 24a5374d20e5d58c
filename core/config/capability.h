/* The names of the capabilities. Source: capabilities(7), linux/capability.h. */
#ifndef LXCBOX_CORE_CONFIG_CAPABILITY_H
#define LXCBOX_CORE_CONFIG_CAPABILITY_H

/* The number of "sys_admin" (any case, with or without "cap_") or of a plain number; -EINVAL. */
int capability_parse(const char *name);

/* "sys_admin"; NULL for an unknown number. */
const char *capability_name(int number);

/* The highest capability that the running kernel knows. */
int capability_last(void);

#endif
