# programs of workers/text-to-video
