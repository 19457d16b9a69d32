wrk.method = "POST"
wrk.path = "/v1/video/generations"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"grok","prompt":"A cat playing piano in a cozy room"}'
