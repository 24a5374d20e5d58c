# The answers of stock LXC's library to what tests/interop/config_probe.c answers for ours.
import sys
import _lxc


class Container(_lxc.Container):
    pass


def fresh():
    fresh.count += 1
    return Container(f"c{fresh.count}", sys.argv[1])


fresh.count = 0
container = fresh()
for line in sys.stdin:
    line = line.rstrip("\n")
    if not line:
        container = fresh()
        continue
    key, value = line.split(" =", 1)
    value = value[1:]
    try:
        done = container.set_config_item(key, value)
    except Exception:
        done = False
    try:
        now = container.get_config_item(key).replace("\n", "|")
    except Exception:
        now = "!"
    print(f"{key} = {value} -> {'yes' if done else 'no'} {now}")
