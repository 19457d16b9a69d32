# Sourced by run-unit and quickstart, with the source tree in KINORA_SRCDIR: what the sanitizers of a build that
# has them shall know. What is set already stands.
export LSAN_OPTIONS="${LSAN_OPTIONS-suppressions=$KINORA_SRCDIR/tests/lsan.supp:print_suppressions=0}"
# libdb takes thousands of mutexes: looking for a cycle in their order makes the store a hundred times slower.
export TSAN_OPTIONS="${TSAN_OPTIONS-suppressions=$KINORA_SRCDIR/tests/tsan.supp:print_suppressions=0:detect_deadlocks=0}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS-print_stacktrace=1}"
