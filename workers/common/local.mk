EXTRA_DIST += workers/common/worker.h
