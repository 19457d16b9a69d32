-- Polls random jobs of the file that BENCH_IDS names, below BENCH_PATH, with the key BENCH_KEY if there is one: as fast
-- as they go, or each connection one every BENCH_DELAY_MS.
local ids = {}
for line in io.lines(os.getenv("BENCH_IDS")) do
	ids[#ids + 1] = line
end
math.randomseed(os.time())
local path = os.getenv("BENCH_PATH") or "/v1/video/generations/"
wrk.headers["X-API-Key"] = os.getenv("BENCH_KEY")

function request()
	return wrk.format("GET", path .. ids[math.random(#ids)])
end

local pause = tonumber(os.getenv("BENCH_DELAY_MS") or 0)
if pause > 0 then
	function delay()
		return pause
	end
end
