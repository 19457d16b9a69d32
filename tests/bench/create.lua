-- Creates jobs: as fast as they go, or each connection one every BENCH_DELAY_MS.
wrk.method = "POST"
wrk.path = "/v1/video/generations"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '{"model":"grok","prompt":"A cat playing piano in a cozy room"}'

local pause = tonumber(os.getenv("BENCH_DELAY_MS") or 0)
if pause > 0 then
	function delay()
		return pause
	end
end
