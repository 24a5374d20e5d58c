# A slice of the long life and of the load that `make soak` runs: tests/soak/run, tests/boot/lease-days.sh.
tests/soak/run cycles "${SOAK_CYCLES:-12}" && tests/soak/run load "${SOAK_CONTAINERS:-30}" 6
