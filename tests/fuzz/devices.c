/* Lines of device rules, as in a config or a command's request: "+RULE" allows, any other denies. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/cgroup/devices.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1), *rest = text, *line;
    struct device_rules rules = {0};
    size_t count;

    memcpy(text, data, size);
    text[size] = '\0';
    while ((line = strsep(&rest, "\n"))) {
        struct device_rule rule, again;
        char written[64];
        bool allow = line[0] == '+';

        if (device_rule_parse(line + allow, &rule, NULL) < 0)
            continue;
        device_rule_format(&rule, written, sizeof(written));
        if (device_rule_parse(written, &again, NULL) < 0 || again.major != rule.major ||
            again.minor != rule.minor || again.access != rule.access || again.type != rule.type)
            abort();
        if (device_rules_apply(&rules, &rule, allow, NULL) < 0)
            abort();
    }
    free(device_program_build(&rules, &count));
    device_rules_free(&rules);
    free(text);
    return 0;
}
