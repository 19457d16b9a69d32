-- What follows a claim, for each line of BENCH_CLAIMS (as claim.lua wrote it) once: BENCH_STEP is "attach", of the
-- film that BENCH_FILM names, or "complete". Ends early when none is left; the last ones may stay without an answer.
local count = 0

function setup(thread)
	count = count + 1
	thread:set("number", count)
end

function init()
	local attach = os.getenv("BENCH_STEP") == "attach"
	local film = attach and io.open(os.getenv("BENCH_FILM"), "rb"):read("*a")
	local claims = io.lines(os.getenv("BENCH_CLAIMS") .. number)

	function request()
		local line = claims()
		if not line then
			claims = function() end
			wrk.thread:stop()
			return wrk.format("GET", "/")
		end
		local id, token = line:match("(%S+) (%S+)")
		if attach then
			return wrk.format("PUT", "/worker/v1/jobs/" .. id .. "/assets/video", { ["X-Lease-Token"] = token }, film)
		end
		return wrk.format("POST", "/worker/v1/jobs/" .. id .. "/complete",
			{ ["Content-Type"] = "application/json" }, '{"token":"' .. token .. '"}')
	end
end
