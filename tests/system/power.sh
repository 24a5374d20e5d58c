# A slice of the losses of power that `make soak` runs: tests/faults/power.
POWER_SEEDS=${POWER_SEEDS:-0} exec tests/faults/power ${POWER:-create clone rename settings}
