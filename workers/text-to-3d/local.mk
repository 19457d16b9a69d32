# programs of workers/text-to-3d
