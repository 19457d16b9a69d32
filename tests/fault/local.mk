EXTRA_DIST += tests/fault/run tests/fault/checks.py tests/fault/faults.py tests/fault/load.py tests/fault/model.py \
	tests/fault/rig.py tests/fault/test_fault.py tests/fault/test_kill.py
