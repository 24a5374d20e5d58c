# A slice of the injected faults that changes from day to day; `make soak` runs all of them: tests/faults/run.
exec tests/faults/run slice "${FAULTS:-40}"
