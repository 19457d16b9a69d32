/*
 * Every option, once: name, type, default, min, max, unit, choices, help.
 * Included several times by conf.h and conf.c with CONF_OPTION defined; no
 * include guard on purpose. The environment names are the option's name in any
 * case, and KINORA_ followed by it.
 */
/* clang-format off */
CONF_OPTION(server_host, CONF_STRING, "127.0.0.1", 0, 0, "", "", "address that nginx listens on")
CONF_OPTION(server_port, CONF_INT, "8000", 1, 65535, "", "", "port of Grok Imagine, Grok 3D, Vivid Flow and /worker/v1")
CONF_OPTION(text_port, CONF_INT, "5000", 1, 65535, "", "", "port of Text-to-Video")
CONF_OPTION(public_url, CONF_STRING, "", 0, 0, "", "", "base of absolute URLs in answers, e.g. https://video.example.org; unset: the request's scheme and Host")
CONF_OPTION(cors_origins, CONF_STRING, "*", 0, 0, "", "", "origins that browsers may call from: * or a list separated by spaces or commas; empty: none")
CONF_OPTION(data_path, CONF_PATH, KINORA_DATA_DIR, 0, 0, "", "", "directory of everything that is kept")
CONF_OPTION(db_path, CONF_PATH, "", 0, 0, "", "", "directory of the job store; unset: store in data_path")
CONF_OPTION(video_storage_path, CONF_PATH, "", 0, 0, "", "", "directory of Grok Imagine's videos; unset: videos in data_path")
CONF_OPTION(log_path, CONF_PATH, "", 0, 0, "", "", "directory of the JSON lines request log; unset: logs in data_path")
CONF_OPTION(run_path, CONF_PATH, "", 0, 0, "", "", "directory of sockets and pid files; unset: run in data_path")
CONF_OPTION(max_video_age_days, CONF_INT, "7", 0, 36500, "days", "", "videos older than this are deleted; 0 keeps them")
CONF_OPTION(max_model_age_days, CONF_INT, "0", 0, 36500, "days", "", "3D models older than this are deleted; 0 keeps them")
CONF_OPTION(job_timeout_seconds, CONF_SECONDS, "300", 1, 604800, "seconds", "", "a job of an HTTP worker with no sign of life for this long has failed")
CONF_OPTION(max_queue_seconds, CONF_SECONDS, "0", 0, 31536000, "seconds", "", "a job that waits longer fails; 0: jobs wait as long as it takes")
CONF_OPTION(dispatch, CONF_BOOL, "yes", 0, 1, "", "", "whether kinorad starts local workers")
CONF_OPTION(worker_token, CONF_SECRET, "", 0, 0, "", "", "what HTTP workers must present; unset: they are served on loopback only")
CONF_OPTION(threads, CONF_INT, "64", 4, 1024, "", "", "request threads of kinora-fcgi; at least twice nginx's kept connections")
CONF_OPTION(cache_size, CONF_BYTES, "64M", 1048576, 1099511627776, "bytes", "", "page cache of the job store")
CONF_OPTION(max_image_size, CONF_BYTES, "20M", 1024, 1073741824, "bytes", "", "largest decoded input image")
CONF_OPTION(max_upload_size, CONF_BYTES, "4G", 1048576, 1099511627776, "bytes", "", "largest video that a worker may upload")
CONF_OPTION(log_level, CONF_CHOICE, "info", 0, 0, "", "error|warn|info|debug", "how much the programs say on standard error")
CONF_OPTION(request_log, CONF_CHOICE, "all", 0, 0, "", "all|changes|off", "what the JSON lines log holds: every request, only those that change something, or nothing")
CONF_OPTION(openai_api_key, CONF_SECRET, "", 0, 0, "", "", "key of an OpenAI-compatible service for speech and text; unset: everything is made here")
CONF_OPTION(openai_base_url, CONF_STRING, "https://api.openai.com/v1", 0, 0, "", "", "base of that service")
CONF_OPTION(pexels_api_key, CONF_SECRET, "", 0, 0, "", "", "key of Pexels for stock clips; unset: backgrounds are made here")
CONF_OPTION(pexels_base_url, CONF_STRING, "https://api.pexels.com", 0, 0, "", "", "base of that service")
CONF_OPTION(stock_cache, CONF_PATH, "", 0, 0, "", "", "directory where stock clips are kept by query; unset: each job fetches its own")
CONF_OPTION(xai_api_key, CONF_SECRET, "", 0, 0, "", "", "key of xAI's image endpoint; unset: pictures are made here")
CONF_OPTION(xai_base_url, CONF_STRING, "https://api.x.ai/v1", 0, 0, "", "", "base of that service")
CONF_OPTION(triposr_command, CONF_STRING, "", 0, 0, "", "", "program that makes IMAGE.png into OUT.glb; unset: models are made here")
CONF_OPTION(examples_path, CONF_PATH, KINORA_SHARE_DIR "/examples", 0, 0, "", "", "directory of the examples that the dialects show")
CONF_OPTION(gcs_endpoint, CONF_STRING, "https://storage.googleapis.com", 0, 0, "", "", "where gs:// URLs are fetched from")
CONF_OPTION(daily_job_limit, CONF_INT, "500", 0, 1000000000, "jobs", "", "jobs that one key owner or account may create in a UTC day (Vivid Flow)")
CONF_OPTION(link_secret, CONF_SECRET, "", 0, 0, "", "", "what result links are signed with, as nginx's secure_link_md5 has it; unset: results answer to their owner's key alone")
CONF_OPTION(link_seconds, CONF_SECONDS, "86400", 60, 31536000, "seconds", "", "how long a result link is good")
/* clang-format on */
