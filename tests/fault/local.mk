EXTRA_DIST += tests/fault/run tests/fault/checks.py tests/fault/disk.py tests/fault/faults.py tests/fault/load.py \
	tests/fault/model.py tests/fault/rig.py tests/fault/shim.c tests/fault/test_doubt.py tests/fault/test_fault.py tests/fault/test_full.py tests/fault/test_kill.py tests/fault/test_sync.py
CLEANFILES += tests/fault/shim.so
check_DATA = tests/fault/shim.so
tests/fault/shim.so: tests/fault/shim.c
	$(AM_V_CCLD)$(MKDIR_P) tests/fault && $(CC) -D_GNU_SOURCE $(AM_CFLAGS) -O2 -shared -fPIC -o $@ $<
