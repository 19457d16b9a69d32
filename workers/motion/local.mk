# programs of workers/motion
